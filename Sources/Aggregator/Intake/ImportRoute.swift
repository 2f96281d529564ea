import Batches
import Crypto
import Events
import HTTP
import JSON
import Platform
import Store
import Synchronization
import Telemetry
import Tenancy

// What `tributary import` asks over the control socket:
//
//   GET /import     {"store": id, "projects": [id, …], "max_rows": n, "max_bytes": n}
//   POST /import?project=ID&plain=BYTES, the body of a batch, compressed
//                   {"accepted": n, "duplicates": n, "rejected": [{"row", "code", "reason"}, …]}
//
// Who may open that socket is the operator, so nothing is signed on the way: the aggregator checks
// and decodes the columns as it does a collector's, and seals them itself, as it does direct events.
// The answer comes once everything is on disk. An import's batches have no numbers of a sender, so
// there is no receipt to find: a repeat is recognised by its events' ids.

/// Batches of an import on their way into the store.
struct ImportRoute: Sendable {
  let store: Store
  let board: TenancyBoard
  let limits: BatchLimits
  let clock: any Clock
  let decoders: BatchDecoders
  let sealer: ImportSealer
  let metrics: IntakeMetrics

  /// What the batches' source is called.
  static let source = "import"

  func mount(on router: inout Router) {
    router.add(.get, "/import") { _ in describe() }
    router.add(.post, "/import") { request in await answer(request) }
  }

  /// Whom an import may write to, and how much at a time.
  private func describe() -> Response {
    var json = JSONWriter(capacity: 1_024)
    json.beginObject()
    json.key("store")
    json.string(store.identity.id.description)
    json.key("projects")
    json.beginArray()
    let projects = board.current.projects.values.filter { $0.status == .active }
    for id in projects.map(\.id.text).sorted() { json.string(id) }
    json.endArray()
    json.key("max_rows")
    json.integer(limits.rows)
    json.key("max_bytes")
    json.integer(limits.plainBytes)
    json.endObject()
    return .json(json.bytes)
  }

  private func answer(_ request: Request) async -> Response {
    do {
      return try await take(request)
    } catch let refused as PairRoutes.Refused {
      return refused.status == .serviceUnavailable
        ? .problem(
          refused.status, refused.code, refused.message, retryAfterSeconds: refused.retryAfter)
        : .problem(refused.status, refused.code, refused.message)
    } catch let error as BodyError {
      return .problem(error)
    } catch {
      return .problem(.serviceUnavailable, "unavailable", "\(error)", retryAfterSeconds: 5)
    }
  }

  private func take(_ request: Request) async throws -> Response {
    let (project, plainBytes) = try destination(of: request)
    if let refusal = store.refusal { throw BatchRoute.refused(refusal) }
    let body = try await request.body.collect(atMost: limits.compressedBytes)
    let decoded: DecodedBatch
    let sealed: SealedBatch
    do throws(BatchProblem) {
      (decoded, sealed) = try await decoders.decode(body, plainBytes: plainBytes, limits) { rows in
        sealer.seal(body, rows: rows, plainBytes: plainBytes, project)
      }
    } catch { throw BatchRoute.refused(error) }
    let outcome: CommitOutcome
    do throws(StoreError) {
      outcome = try await store.commit(
        ArrivedBatch(
          project: project, source: Self.source, origin: nil, bytes: sealed.bytes,
          columns: decoded.columns, rejected: decoded.rejected, received: clock.wallMilliseconds))
    } catch { throw BatchRoute.refused(error) }
    let series = metrics.project(project.text)
    series.accepted.add(outcome.accepted)
    series.duplicate.add(outcome.duplicates)
    series.rejected.add(outcome.rejected.count)
    return .json(Self.json(outcome))
  }

  private func destination(
    of request: Request
  ) throws(PairRoutes.Refused) -> (ProjectID, plainBytes: Int) {
    guard let plainBytes = request.head.query("plain").flatMap({ Int($0) }), plainBytes > 0,
      plainBytes <= limits.plainBytes
    else {
      throw PairRoutes.Refused(
        status: .badRequest, code: "bad_size",
        message: "`plain` has to be the size of the body before it was compressed.")
    }
    let name = request.head.query("project") ?? ""
    let project = try? ProjectID(name)  // What is no id is nobody's, and said so below.
    guard let project, board.current.projects[project]?.status == .active else {
      throw PairRoutes.Refused(
        status: .notFound, code: "unknown_project",
        message: "There is no active project `\(name)` here.")
    }
    return (project, plainBytes)
  }

  private static func json(_ outcome: CommitOutcome) -> [UInt8] {
    var json = JSONWriter(capacity: 128 + 160 * outcome.rejected.count)
    json.beginObject()
    json.key("accepted")
    json.integer(outcome.accepted)
    json.key("duplicates")
    json.integer(outcome.duplicates)
    json.key("rejected")
    json.beginArray()
    for row in outcome.rejected {
      json.beginObject()
      json.key("row")
      json.integer(row.row)
      json.key("code")
      json.string(row.code)
      json.key("reason")
      json.string(row.reason)
      json.endObject()
    }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

/// Puts the aggregator's own seal on an import's batches.
final class ImportSealer: Sendable {
  private let store: StoreID
  private let key: SigningKey
  private let clock: any Clock
  private let epoch: Epoch
  private let boot: BootID
  private let next = Mutex((number: UInt64(1), sequence: UInt64(1)))

  init(store: StoreID, key: SigningKey, clock: any Clock, random: any RandomSource) {
    self.store = store
    self.key = key
    self.clock = clock
    epoch = Epoch.random(from: random)
    boot = BootID.random(from: random)
  }

  func seal(
    _ compressed: [UInt8], rows: Int, plainBytes: Int, _ project: ProjectID
  ) -> SealedBatch {
    let (number, sequence) = next.withLock { next in
      defer {
        next.number += 1
        next.sequence += UInt64(rows)
      }
      return next
    }
    let label = SealedBatch.Label(
      audience: store, collector: CollectorID(high: 0, low: 0), epoch: epoch, project: project,
      number: number,
      created: BatchHeader.Created(
        wallMilliseconds: clock.wallMilliseconds, boot: boot,
        monotonicMilliseconds: clock.monotonicNanoseconds / 1_000_000))
    return SealedBatch.seal(
      compressed: compressed, rows: rows, plainBytes: plainBytes, firstSequence: sequence,
      as: label, key: key)
  }
}
