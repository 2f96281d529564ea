import Events
import HTTP
import Intake
import JSON
import Platform
import Sections
import Store
import Synchronization
import Telemetry

/// Erasures of people as operators ask for them: the mark at once, the files soon after or now.
final class Erasures: Sendable {
  private let store: Store
  private let clock: any Clock
  private let log: Log
  private let within: Duration
  /// Where backups lie, for which a log is kept.
  private let backups: String?
  private let worker = Worker(name: "erasures")
  private let isStopping = Atomic(false)
  /// Why the log beside the backups could not be written.
  private let logTrouble = Mutex<String?>(nil)

  init(store: Store, within: Duration, backups: String?, clock: any Clock, log: Log) {
    self.store = store
    self.within = within
    self.backups = backups
    self.clock = clock
    self.log = log
  }

  func stop() { isStopping.store(true, ordering: .relaxed) }

  /// Carries erasures out when they are due. What an earlier run has left is due at once: somebody may
  /// have asked for that.
  func follow() {
    Task(executorPreference: worker) { [self] in
      var isFirst = true
      while !isStopping.load(ordering: .relaxed) {
        let pending = await store.erasures.filter { $0.done == nil }
        let oldest = pending.map(\.erased).min()
        // A day before the last moment, or in the middle of a short time.
        let margin = min(Duration.seconds(86_400), within / 2)
        let due = oldest.map { $0 + Int64((within - margin) / .milliseconds(1)) }
        if let due, isFirst || due <= clock.wallMilliseconds { await carryOut() }
        isFirst = false
        await clock.sleep(for: min(.seconds(3_600), margin))
      }
    }
  }

  private func carryOut() async {
    writeLog(await store.erasures)
    do throws(StoreError) {
      let left = try await store.carryOutErasures()
      if left.isEmpty {
        log.info("erased people are gone from every file", [:])
      } else {
        log.warning(
          "files still have something of erased people", ["erasures": .integer(left.count)])
      }
    } catch {
      log.error("erasures could not be carried out", ["reason": .text("\(error)")])
    }
  }

  /// Tries until nothing is left: a merge that is under way, or a backup, may be in the way for minutes.
  private func carryOutAll() async {
    while !isStopping.load(ordering: .relaxed) {
      await carryOut()
      if await store.erasures.allSatisfy({ $0.done != nil }) { return }
      await clock.sleep(for: .seconds(1))
    }
  }

  /// Beside the backups stands what a restore has to erase again.
  private func writeLog(_ erasures: [PersonErasure]) {
    guard let backups else { return }
    do throws(BackupProblem) {
      try ErasureLog(directory: Directory(backups), store: store.identity.id).add(erasures)
      logTrouble.withLock { $0 = nil }
    } catch {
      logTrouble.withLock { $0 = error.sentence }
      log.error(
        "the erasures beside the backups could not be written", ["reason": .text(error.sentence)])
    }
  }

  // MARK: What operators ask

  func mount(on router: inout Router) {
    router.add(.post, "/people/erasures") { request in await self.erase(request) }
    router.add(.get, "/people/erasures") { _ in await self.list() }
  }

  private static let kinds: [(name: String, kind: PersonKind)] = [
    ("profile", .profile), ("device", .device), ("visitor", .visitor),
  ]

  private func erase(_ request: Request) async -> Response {
    guard let project = request.head.query("project").flatMap({ try? ProjectID($0) }) else {
      return .problem(.badRequest, "bad_project", "Name the project with --project.")
    }
    let named = Self.kinds.compactMap { name, kind in
      request.head.query(name).map { (kind: kind, id: $0) }
    }
    guard named.count == 1, (1...EventLimits.idBytes).contains(named[0].id.utf8.count) else {
      return .problem(
        .badRequest, "bad_person", "Name one person with --profile, --device or --visitor.")
    }
    do throws(StoreError) {
      guard let erasure = try await store.erase(named[0].kind, named[0].id, of: project) else {
        return .problem(.notFound, "no_events", "The project \(project.text) has no events.")
      }
      writeLog([erasure])
      // Who they were is not for the log.
      log.info(
        "a person was erased",
        ["project": .text(project.text), "ids": .integer(erasure.ids.count)])
      if request.head.query("now") != nil {
        Task(executorPreference: worker) { await self.carryOutAll() }
      }
      return .json(json([erasure], isList: false))
    } catch {
      return .problem(.internalServerError, "failed", "Nothing was erased: \(error)")
    }
  }

  private func list() async -> Response { .json(json(await store.erasures, isList: true)) }

  private func json(_ erasures: [PersonErasure], isList: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 1_024)
    if isList { json.beginArray() }
    for erasure in erasures {
      json.beginObject()
      json.key("number")
      json.integer(erasure.number)
      json.key("project")
      json.string(erasure.project.text)
      json.key("erased_at")
      json.integer(erasure.erased)
      json.key("until")
      json.integer(erasure.until)
      json.key("ids")
      json.beginArray()
      for id in erasure.ids { json.string(Self.hex(id)) }
      json.endArray()
      json.key("state")
      json.string(erasure.done == nil ? "hidden" : "gone")
      json.key("gone_at")
      if let done = erasure.done { json.integer(done) } else { json.null() }
      json.key("backup_log")
      json.string(logTrouble.withLock { $0 } ?? (backups == nil ? "none" : "written"))
      json.endObject()
    }
    if isList { json.endArray() }
    return json.bytes
  }

  private static func hex(_ id: PersonHash) -> String {
    func padded(_ number: UInt64, _ digits: Int) -> String {
      let text = String(number, radix: 16)
      return String(repeating: "0", count: digits - text.count) + text
    }
    return padded(id.high, 16) + padded(UInt64(id.low), 8)
  }

  func declare(in registry: MetricRegistry) {
    let store = store
    registry.counter(
      "tributary_erased_rows_refused_total",
      "Rows that were not taken because the person they are by was erased."
    ) { Double(store.counters.erasedRows.load(ordering: .relaxed)) }
  }
}
