import Batches
import Calendar
import Crypto
import HTTP

/// What an answer to a batch means (RELIABILITY B4). Data leaves the spool by an acknowledgement or
/// by quarantine, never because we got tired of trying: there is no last attempt.
enum ShipmentVerdict: Equatable, Sendable {
  /// The aggregator has the batch on disk.
  case acknowledged(Acknowledgement)
  /// It may work in a while. `isOverload` says that less at once would help.
  case transient(Trouble, retryAfter: Duration?, isOverload: Bool)
  /// Something between here and there is set up wrongly; a person has to look.
  case misconfigured(Trouble)
  /// The key is not accepted.
  case unauthorized(Trouble)
  /// The key is, and not for this project.
  case foreignProject(Trouble)
  /// The batch itself is called wrong.
  case doubted(Trouble)
  /// Another batch was committed under this number: the epoch has been used twice.
  case forked
  /// The collector shall send no more.
  case retired(Trouble)
  /// The batch is larger than something on the way takes.
  case tooLarge
  /// The other side speaks another version.
  case unversed(Trouble)
  /// It answers for another store, or for one that has been set back.
  case otherStore(Trouble)
}

/// What went wrong, for the log and the health page: a word that can be counted, and a sentence.
struct Trouble: Equatable, Sendable {
  let code: String
  let detail: String

  init(_ code: String, _ detail: String = "") {
    self.code = code
    self.detail = detail
  }
}

/// The batch that an answer has to be about.
struct SentBatch: Equatable, Sendable {
  let id: BatchID
  let digest: Digest
  let audience: StoreID
  /// The life of that store, as the last hello told it.
  let incarnation: UInt64
}

extension ShipmentVerdict {
  init(_ outcome: LinkOutcome, of batch: SentBatch) {
    switch outcome {
    case .answer(let answer): self.init(answer, of: batch)
    case .failed(let failure): self.init(failure)
    }
  }

  private init(_ failure: LinkFailure) {
    switch failure {
    case .unreachable(let reason): self = .transient(Trouble("unreachable", reason))
    case .insecure(let reason): self = .transient(Trouble("insecure", reason))
    case .timedOut:
      self = .transient(
        Trouble("timed_out", "no answer in time"), retryAfter: nil, isOverload: true)
    case .interrupted(let reason): self = .transient(Trouble("interrupted", reason))
    case .unintelligible(let reason): self = .transient(Trouble("unintelligible", reason))
    }
  }

  private static func transient(_ trouble: Trouble) -> Self {
    .transient(trouble, retryAfter: nil, isOverload: false)
  }

  private init(_ answer: LinkAnswer, of batch: SentBatch) {
    // A box in between may answer with any status; only our own aggregator words a refusal so.
    let refusal = Refusal(decoding: answer.body.span)
    let trouble = Trouble(
      refusal?.code ?? "http_\(answer.status)", refusal?.message ?? "status \(answer.status)")
    switch answer.status {
    case 200..<300: self = Self.success(answer, of: batch)
    case 300..<400: self = .misconfigured(trouble)
    case 400, 422: self = refusal == nil ? .misconfigured(trouble) : .doubted(trouble)
    case 403 where refusal?.code == "wrong_project": self = .foreignProject(trouble)
    case 401, 403, 407: self = .unauthorized(trouble)
    case 409: self = refusal?.code == "epoch_forked" ? .forked : .misconfigured(trouble)
    case 410: self = .retired(trouble)
    case 413: self = .tooLarge
    case 415, 426, 501, 505: self = .unversed(trouble)
    case 421 where refusal?.code == "wrong_store": self = .otherStore(trouble)
    case 408, 425, 429, 500, 502, 503, 504, 507, 520...599:
      self = .transient(
        trouble, retryAfter: RetryAfter.wait(answer),
        isOverload: answer.status == 429 || answer.status == 503)
    // 404, 405, 406, 421 by the rule, and whatever else nobody should answer here.
    default: self = .misconfigured(trouble)
    }
  }

  /// A success counts only where it names the very batch, from the store that it was for.
  private static func success(_ answer: LinkAnswer, of batch: SentBatch) -> Self {
    guard let answer = try? Acknowledgement(decoding: answer.body.span),  // A portal's page, say.
      answer.batch == batch.id, answer.digest == batch.digest
    else {
      return .transient(Trouble("no_acknowledgement", "a success that does not name the batch"))
    }
    guard answer.store == batch.audience, answer.incarnation == batch.incarnation else {
      return .otherStore(Trouble("other_store", "the store was replaced or set back"))
    }
    return .acknowledged(answer)
  }
}

/// The `Retry-After` of an answer.
enum RetryAfter {
  static let greatest: Duration = .seconds(3_600)

  /// Nil where there is none, or none that makes sense. A date is taken relative to the answer's
  /// own `Date`: our clock plays no part.
  static func wait(_ answer: LinkAnswer) -> Duration? {
    guard let text = answer.retryAfter else { return nil }
    let digits = text.utf8
    if !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) {
      return min(.seconds(Int64(text) ?? .max), greatest)
    }
    guard let now = answer.date.flatMap({ date($0, near: era) }), let until = date(text, near: now)
    else { return nil }
    return min(max(.milliseconds(until.milliseconds(since: now)), .zero), greatest)
  }

  /// Tells the centuries of dates with two digits apart: no answer is from before it.
  private static let era = Instant(milliseconds: 1_767_225_600_000)  // 2026

  private static func date(_ text: String, near now: Instant) -> Instant? {
    let bytes = Array(text.utf8)
    return Instant(httpDate: bytes.span, now: now)
  }
}
