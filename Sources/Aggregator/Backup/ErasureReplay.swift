import Batches
import Platform
import Store
import Synchronization

/// Erasures of people that were carried out after the backup was made, and which a restored store must
/// carry out again before anybody asks it (DESIGN 8, STORE C7).
///
/// They are in a file beside the backups. The restored store gets their marks, so that no answer sees
/// these people from its first; its files follow when it runs.
enum ErasureReplay {
  static func run(
    on folder: DataFolder, of id: StoreID, from shelf: BackupShelf, clock: any Clock,
    random: any RandomSource
  ) async throws(BackupProblem) {
    let erasures = try ErasureLog(directory: shelf.directory, store: id).read()
    if erasures.isEmpty { return }
    var configuration = Store.Configuration(path: folder.storePath)
    configuration.packFolder = folder.packsPath
    // Nothing is sealed or refused here.
    configuration.maximumHotEvents = .max >> 8
    configuration.sealsByItself = false
    let failure = Mutex<String?>(nil)
    do throws(StoreError) {
      let store = try await Store.open(configuration, clock: clock, random: random) { problem in
        failure.withLock { $0 = "\(problem)" }
      }
      for erasure in erasures { try await store.replay(erasure) }
      await store.stop()
    } catch { throw .unusable("erasures of the restored store cannot be replayed: \(error)") }
    if let failure = failure.withLock({ $0 }) {
      throw .unusable("the restored store has failed: \(failure)")
    }
  }
}
