private import CSQLite

/// A virtual table as a connection holds it: the plans that were made for its statements, and what went
/// wrong while one was read, which SQLite's codes cannot say.
final class HeldTable {
  fileprivate struct Plan {
    let constraints: [TableConstraint]
    let columns: TableColumns
  }

  fileprivate let table: any VirtualTable
  fileprivate var plans: [Plan] = []
  var failure: (any Error)?

  init(_ table: any VirtualTable) { self.table = table }

  /// Makes the table known under its name. It has to stay as long as the connection.
  @unsafe func register(as name: String, with connection: OpaquePointer) -> Int32 {
    unsafe sqlite3_create_module_v2(
      connection, name, HeldTable.module, Unmanaged.passUnretained(self).toOpaque(), nil)
  }

  fileprivate func attempt(_ body: () throws -> Void) -> Int32 {
    do {
      try body()
      return SQLITE_OK
    } catch {
      failure = error
      return SQLITE_ERROR
    }
  }
}

/// A reading, once it has begun.
private final class HeldRows {
  let table: HeldTable
  var rows: (any TableRows)?

  init(of table: HeldTable) { self.table = table }
}

extension HeldTable {
  /// What SQLite calls. A table without `xCreate` is there by its name, and cannot be made anew.
  // SAFETY: written once, before anybody reads it, and never freed.
  nonisolated(unsafe) fileprivate static let module: UnsafePointer<sqlite3_module> = {
    var module = sqlite3_module()
    module.iVersion = 0
    unsafe module.xConnect = { connection, context, _, _, made, _ in
      // SAFETY: the context is the `HeldTable` that was registered, and outlives the connection.
      let held = unsafe Unmanaged<HeldTable>.fromOpaque(context!).takeUnretainedValue()
      let declared = unsafe sqlite3_declare_vtab(
        connection, "CREATE TABLE x(\(held.table.columns))")
      guard declared == SQLITE_OK else { return declared }
      let table = UnsafeMutablePointer<csqlite_table>.allocate(capacity: 1)
      unsafe table.initialize(to: csqlite_table(base: sqlite3_vtab(), context: context))
      unsafe made!.pointee = UnsafeMutableRawPointer(table)
        .assumingMemoryBound(to: sqlite3_vtab.self)
      return SQLITE_OK
    }
    unsafe module.xDisconnect = { table in
      unsafe HeldTable.whole(table).deallocate()
      return SQLITE_OK
    }
    unsafe module.xBestIndex = { table, info in
      unsafe HeldTable.of(table).plan(info!)
      return SQLITE_OK
    }
    unsafe module.xOpen = { table, made in
      let rows = unsafe HeldRows(of: HeldTable.of(table))
      let cursor = UnsafeMutablePointer<csqlite_cursor>.allocate(capacity: 1)
      unsafe cursor.initialize(
        to: csqlite_cursor(
          base: sqlite3_vtab_cursor(), context: Unmanaged.passRetained(rows).toOpaque()))
      unsafe made!.pointee = UnsafeMutableRawPointer(cursor)
        .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
      return SQLITE_OK
    }
    unsafe module.xClose = { cursor in
      let whole = unsafe HeldTable.whole(cursor)
      // SAFETY: retained in `xOpen`; SQLite closes a cursor once.
      unsafe Unmanaged<HeldRows>.fromOpaque(whole.pointee.context).release()
      unsafe whole.deallocate()
      return SQLITE_OK
    }
    unsafe module.xFilter = { cursor, plan, _, count, arguments in
      let held = unsafe HeldTable.rows(cursor)
      let chosen = held.table.plans[Int(plan)]
      var bounds: [TableBound] = []
      for (place, constraint) in chosen.constraints.prefix(Int(count)).enumerated() {
        bounds.append(TableBound(constraint, unsafe SQLiteValue(arguments![place])))
      }
      return held.table.attempt {
        held.rows = try held.table.table.rows(within: bounds, columns: chosen.columns)
      }
    }
    unsafe module.xNext = { cursor in
      let held = unsafe HeldTable.rows(cursor)
      return held.table.attempt { try held.rows?.next() }
    }
    unsafe module.xEof = { cursor in
      unsafe HeldTable.rows(cursor).rows?.isAtEnd ?? true ? 1 : 0
    }
    unsafe module.xColumn = { cursor, context, column in
      let held = unsafe HeldTable.rows(cursor)
      let value = unsafe TableValue(context!)
      return held.table.attempt { try held.rows?.write(column: Int(column), to: value) }
    }
    unsafe module.xRowid = { cursor, number in
      unsafe number!.pointee = HeldTable.rows(cursor).rows?.number ?? 0
      return SQLITE_OK
    }
    let place = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
    unsafe place.initialize(to: module)
    return unsafe UnsafePointer(place)
  }()

  /// Which of a statement's constraints the table wants, and what it says of the cost.
  @unsafe fileprivate func plan(_ info: UnsafeMutablePointer<sqlite3_index_info>) {
    var offered: [(place: Int, constraint: TableConstraint)] = []
    for place in 0..<Int(unsafe info.pointee.nConstraint) {
      let constraint = unsafe info.pointee.aConstraint[place]
      // Letters that count as equal when they are not are for SQLite to compare.
      let collation = unsafe sqlite3_vtab_collation(info, Int32(place))
      guard constraint.usable != 0, constraint.iColumn >= 0,
        let comparison = TableConstraint.Comparison(code: Int32(constraint.op)),
        unsafe collation.map({ unsafe sqlite3_stricmp($0, "BINARY") == 0 }) ?? true
      else { continue }
      offered.append(
        (place, TableConstraint(column: Int(constraint.iColumn), comparison)))
    }
    let plan = table.plan(for: offered.map(\.constraint))
    for (argument, chosen) in plan.chosen.enumerated() {
      unsafe info.pointee.aConstraintUsage[offered[chosen].place].argvIndex = Int32(argument + 1)
    }
    unsafe info.pointee.idxNum = Int32(plans.count)
    unsafe info.pointee.estimatedCost = plan.cost
    unsafe info.pointee.estimatedRows = Int64(plan.rows)
    plans.append(
      Plan(
        constraints: plan.chosen.map { offered[$0].constraint },
        columns: TableColumns(bits: unsafe info.pointee.colUsed)))
  }

  // SAFETY of what follows: SQLite gives back the pointers that `xConnect` and `xOpen` made, and both
  // structures begin with what SQLite knows of them.

  @unsafe fileprivate static func whole(
    _ table: UnsafeMutablePointer<sqlite3_vtab>?
  ) -> UnsafeMutablePointer<csqlite_table> {
    unsafe UnsafeMutableRawPointer(table!).assumingMemoryBound(to: csqlite_table.self)
  }

  @unsafe fileprivate static func whole(
    _ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?
  ) -> UnsafeMutablePointer<csqlite_cursor> {
    unsafe UnsafeMutableRawPointer(cursor!).assumingMemoryBound(to: csqlite_cursor.self)
  }

  @unsafe fileprivate static func of(_ table: UnsafeMutablePointer<sqlite3_vtab>?) -> HeldTable {
    unsafe Unmanaged<HeldTable>.fromOpaque(whole(table).pointee.context).takeUnretainedValue()
  }

  @unsafe fileprivate static func rows(
    _ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?
  ) -> HeldRows {
    unsafe Unmanaged<HeldRows>.fromOpaque(whole(cursor).pointee.context).takeUnretainedValue()
  }
}

extension TableConstraint.Comparison {
  fileprivate init?(code: Int32) {
    switch code {
    case SQLITE_INDEX_CONSTRAINT_EQ: self = .equal
    case SQLITE_INDEX_CONSTRAINT_LT: self = .less
    case SQLITE_INDEX_CONSTRAINT_LE: self = .lessOrEqual
    case SQLITE_INDEX_CONSTRAINT_GT: self = .greater
    case SQLITE_INDEX_CONSTRAINT_GE: self = .greaterOrEqual
    default: return nil
    }
  }
}
