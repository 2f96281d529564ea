import Batches
import Crypto
import Events
import HTTP
import Platform
import Store
import Telemetry
import Tenancy

/// `POST /v1/batches`: the cheap checks first, so that a stranger is refused before the body is read,
/// and an acknowledgement only once everything is on disk.
struct BatchRoute: Sendable {
  let store: Store
  let board: TenancyBoard
  let limits: BatchLimits
  let clock: any Clock
  let clocks: CollectorClocks
  let decoders: BatchDecoders
  let metrics: IntakeMetrics
  let log: Log

  func mount(on router: inout Router) {
    router.add(.post, "/v1/batches") { request in
      await PairRoutes.guarded(request) { try await take(request) }
    }
  }

  private func take(_ request: Request) async throws -> Response {
    let head = try await request.body.collectHead(BatchEnvelope.byteCount)
    let envelope: BatchEnvelope
    do {
      guard head.count == BatchEnvelope.byteCount else { throw BatchProblem.truncated }
      envelope = try BatchEnvelope(head.span)
    } catch let problem as BatchProblem { throw Self.refused(problem) }
    let header = envelope.header
    try admit(envelope)
    try PairRoutes.count(request, as: header.collector)
    if let refusal = store.refusal { throw Self.refused(refusal) }
    let body = try await request.body.collect(atMost: header.bodyBytes)
    guard body.count == header.bodyBytes else { throw Self.refused(.truncated) }
    let (outcome, ids) = try await commit(envelope, head: head, body: body)
    return .json(acknowledgement(of: envelope, outcome, ids).encode())
  }

  /// Everything that can be known without the body.
  private func admit(_ envelope: BatchEnvelope) throws {
    let header = envelope.header
    guard header.audience == store.identity.id else {
      throw PairRoutes.Refused(
        status: .misdirectedRequest, code: "wrong_store",
        message: "This is another store than the batch is for.")
    }
    let (identity, key) = try PairRoutes.collector(header.collector, header.key, board.current)
    do {
      try envelope.verify(by: key)
      try envelope.check(limits)
    } catch { throw Self.refused(error) }
    guard identity.projects.contains(header.project),
      board.current.projects[header.project]?.status == .active
    else {
      throw PairRoutes.Refused(
        status: .forbidden, code: "wrong_project",
        message: "This collector may not write to the project \(header.project).")
    }
    identity.lastSeen.note(clock.wallMilliseconds)
  }

  private func commit(
    _ envelope: BatchEnvelope, head: [UInt8], body: [UInt8]
  ) async throws -> (CommitOutcome, ids: [EventID]) {
    let header = envelope.header
    let origin = BatchOrigin(
      epoch: header.epoch, number: header.number, sequences: header.sequences,
      digest: envelope.digest)
    let source = header.collector.description
    let now = clock.wallMilliseconds
    do {
      switch header.content {
      case .gap(let gap):
        log.about(project: header.project.text).warning(
          "a collector has lost events",
          [
            "collector": .text(source), "first": .text("\(header.sequences.lowerBound)"),
            "last": .text("\(header.sequences.upperBound)"), "reason": .text("\(gap.reason)"),
          ])
        let outcome = try await store.commit(
          ArrivedGap(
            project: header.project, source: source, origin: origin, gap: gap, received: now))
        return (outcome, [])
      case .events:
        let decoded: DecodedBatch
        do { decoded = try await decoders.decode(body, envelope, limits) } catch {
          throw Self.refused(error)
        }
        let outcome = try await store.commit(
          ArrivedBatch(
            project: header.project, source: source, origin: origin, bytes: head + body,
            columns: decoded.columns, rejected: decoded.rejected, received: now,
            clockShift: clocks.shift(header.collector, header.created.boot)))
        count(outcome, header.project)
        return (outcome, decoded.columns.ids)
      }
    } catch let error as StoreError {
      if error == .epochForked {
        log.about(project: header.project.text).warning(
          "two collectors have one identity: a data folder was copied, or set back",
          ["collector": .text(source), "epoch": .text("\(header.epoch)")])
      }
      throw Self.refused(error)
    }
  }

  private func count(_ outcome: CommitOutcome, _ project: ProjectID) {
    // What a replay brought was counted when it came first.
    guard outcome.status != .duplicate || outcome.accepted == 0 else { return }
    let series = metrics.project(project.text)
    series.accepted.add(outcome.accepted)
    series.duplicate.add(outcome.duplicates)
    series.rejected.add(outcome.rejected.count)
  }

  private func acknowledgement(
    of envelope: BatchEnvelope, _ outcome: CommitOutcome, _ ids: [EventID]
  ) -> Acknowledgement {
    let status: Acknowledgement.Status =
      switch outcome.status {
      case .committed: .committed
      case .partial: .partial
      case .duplicate: .duplicate
      }
    return Acknowledgement(
      batch: envelope.header.id, digest: envelope.digest, status: status,
      accepted: outcome.accepted, duplicates: outcome.duplicates,
      rejected: outcome.rejected.map {
        Acknowledgement.Rejected(
          index: $0.row, eventID: ids[$0.row], code: $0.code, reason: $0.reason)
      },
      durableThrough: outcome.durableThrough ?? 0, safeThrough: 0, store: store.identity.id,
      incarnation: store.identity.incarnation, limits: limits,
      serverMilliseconds: clock.wallMilliseconds)
  }

  // MARK: Refusals

  static func refused(_ problem: BatchProblem) -> PairRoutes.Refused {
    let status: HTTPStatus =
      switch problem {
      case .tooLarge: .contentTooLarge
      case .unknownVersion: .unsupportedMediaType
      default: .badRequest
      }
    return PairRoutes.Refused(
      status: status, code: problem.code, message: "The batch was refused: \(problem).")
  }

  /// A pause ends early where an operator ends it: nobody is sent away for all of it.
  static let longestPause = 15

  static func refused(_ error: StoreError) -> PairRoutes.Refused {
    switch error {
    case .epochForked:
      PairRoutes.Refused(
        status: .conflict, code: "epoch_forked",
        message: "Another batch was committed under this number: take a new epoch.")
    case .full(let limit):
      PairRoutes.Refused(
        status: .serviceUnavailable, code: "store_full",
        message: "The store holds its most of \(limit) hot events (hot.max_events).")
    case .busy(let limits):
      PairRoutes.Refused(
        status: .serviceUnavailable, code: "store_busy",
        message: "More than \(limits.requests) requests or \(limits.bytes) bytes wait for the disk "
          + "(store.max_waiting, store.max_waiting_bytes): send again later.")
    case .paused(let seconds):
      PairRoutes.Refused(
        status: .serviceUnavailable, code: "intake_paused",
        message:
          "The aggregator's disk has failed again and again: it answers questions, and takes "
          + "nothing for another \(seconds) s.", retryAfter: min(seconds, longestPause))
    case .diskFull:
      PairRoutes.Refused(
        status: .serviceUnavailable, code: "disk_full",
        message: "The aggregator's disk is full: it answers questions, and takes events again when "
          + "there is room (store.min_free_bytes).")
    case .failed, .stopped, .damaged, .newerFormat:
      PairRoutes.Refused(
        status: .serviceUnavailable, code: "unavailable",
        message: "The store takes nothing at the moment.")
    }
  }
}
