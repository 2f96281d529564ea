import Batches
import Compression
import Crypto
import Events
import Platform
import Synchronization

@testable import Collector

/// An aggregator in memory: it verifies and decodes what it is sent, and says what its script says.
final class StubAggregator: Sendable {
  enum Say: Sendable {
    case acknowledge
    case status(Int, code: String?, retryAfter: String? = nil)
    /// Takes the batch, and its answer is lost.
    case loseAnswer
    case fail(LinkFailure)
  }

  struct Taken: Sendable {
    let header: BatchHeader
    let ids: [EventID]
  }

  private struct State {
    var script: @Sendable (Int, BatchHeader) -> Say = { _, _ in .acknowledge }
    var requests: [[UInt8]] = []
    var doors: [String] = []
    var taken: [Taken] = []
    var digests: [BatchID: Digest] = [:]
  }

  let key: SigningKey
  let identity: Identity
  private let state = Mutex(State())

  init() throws {
    let (key, seed) = try SigningKey.generate()
    self.key = key
    identity = Identity(
      collector: CollectorID(high: 1, low: 2), store: StoreID(high: 3, low: 4), incarnation: 5,
      seed: seed, aggregatorKeys: [key.verifyingKey], projects: [Sample.project])
  }

  func answer(_ script: @escaping @Sendable (Int, BatchHeader) -> Say) {
    state.withLock { $0.script = script }
  }

  var requests: [[UInt8]] { state.withLock { $0.requests } }
  var doors: [String] { state.withLock { $0.doors } }
  var taken: [Taken] { state.withLock { $0.taken } }
  /// How often each event was taken.
  var counts: [EventID: Int] {
    taken.flatMap(\.ids).reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }

  func receive(_ bytes: [UInt8], at door: String) -> LinkOutcome {
    let opened = try? BatchEnvelope.open(
      bytes, key: key.verifyingKey, decompressor: ZstdDecompressor())
    guard let opened,
      let envelope = try? BatchEnvelope(bytes.span.extracting(first: BatchEnvelope.byteCount))
    else { return refuse(400, "malformed") }
    let say = state.withLock { state in
      state.requests.append(bytes)
      state.doors.append(door)
      return state.script(state.requests.count, opened.header)
    }
    switch say {
    case .fail(let failure): return .failed(failure)
    case .status(let status, let code, let retryAfter):
      guard case .answer(var answer) = refuse(status, code) else { return refuse(status, code) }
      answer.retryAfter = retryAfter
      return .answer(answer)
    case .loseAnswer:
      _ = take(envelope, opened.columns)
      return .failed(.interrupted("lost"))
    case .acknowledge: return .answer(take(envelope, opened.columns))
    }
  }

  private func take(_ envelope: BatchEnvelope, _ columns: BatchColumns?) -> LinkAnswer {
    let isNew = state.withLock { state in
      if let known = state.digests[envelope.header.id] {
        return known != envelope.digest ? nil : false
      }
      state.digests[envelope.header.id] = envelope.digest
      state.taken.append(Taken(header: envelope.header, ids: columns?.ids ?? []))
      return true as Bool?
    }
    guard let isNew else {
      return LinkAnswer(status: 409, body: Refusal(code: "epoch_forked", message: "").encode())
    }
    let acknowledgement = Acknowledgement(
      batch: envelope.header.id, digest: envelope.digest,
      status: isNew ? .committed : .duplicate, accepted: columns?.rowCount ?? 0, duplicates: 0,
      durableThrough: envelope.header.sequences.upperBound, safeThrough: 0,
      store: identity.store, incarnation: identity.incarnation, serverMilliseconds: 0)
    return LinkAnswer(status: 200, body: acknowledgement.encode())
  }

  private func refuse(_ status: Int, _ code: String?) -> LinkOutcome {
    let body = code.map { Refusal(code: $0, message: "no").encode() } ?? []
    return .answer(LinkAnswer(status: status, body: body))
  }

  struct Door: AggregatorLink {
    let name: String
    let aggregator: StubAggregator

    func get(_ path: String, timeout: Duration) async -> LinkOutcome {
      .failed(.unreachable("no such route"))
    }

    func post(
      _ path: String, _ contentType: StaticString, _ body: [UInt8], timeout: Duration
    ) async -> LinkOutcome {
      // Others get their turn, as over a network.
      for _ in 0..<3 { await Task.yield() }
      return aggregator.receive(body, at: name)
    }

    func reset() {}
  }

  func door(_ name: String = "a") -> Door { Door(name: name, aggregator: self) }
}
