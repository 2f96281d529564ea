import Platform
import Store

/// Erasures of people that were carried out after the backup was made, and which a restored store must
/// carry out again before anybody asks it (DESIGN 8, STORE C7).
///
/// There is no erasure yet, so there is nothing to replay. This is the place: it is called by a restore
/// once the store is whole, and before the folder can be used by an aggregator; what it throws leaves the
/// folder marked as unfinished.
enum ErasureReplay {
  static func run(on folder: DataFolder, madeAt backup: Int64) throws(BackupProblem) {}
}
