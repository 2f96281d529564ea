import Platform
import SQLite
import Store

/// What a backup is made of: a data folder whose aggregator runs, or one that lies still.
package struct BackupSource: Sendable {
  let folder: DataFolder
  /// Copies the book of tenants into a new file.
  let copyTenancy: @Sendable (String) async throws -> Void
  let pins: PackPins?
  /// Bytes that have to stay free where the data are.
  let reserveBytes: Int
  let isGentle: Bool
  let mayGoOn: @Sendable () -> Bool

  /// A folder whose lock the caller holds, so that nobody writes in it.
  package static func resting(_ folder: DataFolder) -> BackupSource {
    BackupSource(
      folder: folder,
      copyTenancy: { target in
        let book = try Database(path: folder.tenancyPath, configuration: .evidence())
        _ = try book.withSnapshot { () throws(SQLiteError) in try book.copy(to: target) }
      },
      pins: nil, reserveBytes: 0, isGentle: false, mayGoOn: { true })
  }

  static func running(
    _ folder: DataFolder, store: Store, tenants: Tenants, reserveBytes: Int,
    mayGoOn: @escaping @Sendable () -> Bool
  ) -> BackupSource {
    BackupSource(
      folder: folder, copyTenancy: { try await tenants.copy(to: $0) }, pins: store.packPins,
      reserveBytes: reserveBytes, isGentle: true, mayGoOn: mayGoOn)
  }
}
