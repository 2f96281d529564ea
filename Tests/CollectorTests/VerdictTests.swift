import Batches
import Crypto
import Events
import Platform
import Testing

@testable import Collector

/// F23 of the fault catalogue: every status, with each kind of body and of `Retry-After`.
@Suite("What an answer to a batch means") struct VerdictTests {
  static let batch = Sample.sent

  static let acknowledgement = Sample.acknowledgement(of: Sample.sent).encode()

  /// The table of RELIABILITY B4, in its own words.
  enum Class { case transient, config, data, auth, identity, retired, size, version }

  static func expected(_ status: Int) -> Class {
    switch status {
    case 200..<300: .transient  // Unless it acknowledges.
    case 300..<400: .config
    case 400, 422: .data
    case 401, 403, 407: .auth
    case 409: .identity
    case 410: .retired
    case 413: .size
    case 415, 426, 501, 505: .version
    case 408, 425, 429, 500, 502, 503, 504, 507, 520...599: .transient
    default: .config
    }
  }

  static func found(_ verdict: ShipmentVerdict) -> Class? {
    switch verdict {
    case .acknowledged, .otherStore: nil
    case .transient: .transient
    case .misconfigured: .config
    case .unauthorized, .foreignProject: .auth
    case .doubted: .data
    case .forked: .identity
    case .retired: .retired
    case .tooLarge: .size
    case .unversed: .version
    }
  }

  @Test("every refusal of our own aggregator has its class, whatever Retry-After says")
  func ownRefusals() {
    for status in 100..<600 {
      let code = status == 409 ? "epoch_forked" : "malformed"
      let body = Refusal(code: code, message: "no").encode()
      for retryAfter in [nil, "7", "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "1000000000"] {
        let answer = LinkAnswer(status: status, body: body, retryAfter: retryAfter)
        let verdict = ShipmentVerdict(.answer(answer), of: Self.batch)
        #expect(Self.found(verdict) == Self.expected(status), "\(status) \(retryAfter ?? "")")
      }
    }
  }

  @Test("what is no word of ours is never taken for data, a fork or an acknowledgement")
  func strangers() {
    for status in 100..<600 {
      for body in [
        [], Array("<html>".utf8), Array("{}".utf8), Array(Self.acknowledgement.dropLast()),
      ] {
        let verdict = ShipmentVerdict(
          .answer(LinkAnswer(status: status, body: body)), of: Self.batch)
        let wanted =
          [400, 409, 422].contains(status) ? Class.config : Self.expected(status)
        #expect(Self.found(verdict) == wanted, "\(status)")
      }
    }
  }

  @Test("only a success that names batch, digest, store and incarnation acknowledges")
  func acknowledgements() {
    for status in 100..<600 {
      let verdict = ShipmentVerdict(
        .answer(LinkAnswer(status: status, body: Self.acknowledgement)), of: Self.batch)
      if case .acknowledged(let answer) = verdict {
        #expect((200..<300).contains(status) && answer.batch == Self.batch.id)
      } else {
        #expect(!(200..<300).contains(status))
      }
    }
    var number = Sample.acknowledgement(of: Self.batch)
    number.batch.number += 1
    var digest = Sample.acknowledgement(of: Self.batch)
    digest.digest = sha256([1].span)
    var store = Sample.acknowledgement(of: Self.batch)
    store.store = StoreID(high: 9, low: 9)
    var incarnation = Sample.acknowledgement(of: Self.batch)
    incarnation.incarnation += 1
    for (answer, isForeign) in [
      (number, false), (digest, false), (store, true), (incarnation, true),
    ] {
      let verdict = ShipmentVerdict(
        .answer(LinkAnswer(status: 200, body: answer.encode())), of: Self.batch)
      switch verdict {
      case .otherStore: #expect(isForeign)
      case .transient(let trouble, _, _):
        #expect(!isForeign && trouble.code == "no_acknowledgement")
      default: Issue.record("\(verdict)")
      }
    }
  }

  @Test("a failed link is transient, and only silence asks for less at once")
  func failures() {
    for (failure, isOverload) in [
      (LinkFailure.unreachable("x"), false), (.insecure("x"), false), (.timedOut, true),
      (.interrupted("x"), false), (.unintelligible("x"), false),
    ] {
      guard
        case .transient(_, nil, isOverload) = ShipmentVerdict(.failed(failure), of: Self.batch)
      else {
        Issue.record("\(failure)")
        continue
      }
    }
  }

  @Test(
    "Retry-After is seconds, or a date against the answer's own date",
    arguments: [
      ("0", 0), ("7", 7), ("3600", 3600), ("1000000000", 3600),
      ("99999999999999999999999", 3600), ("-1", nil), ("soon", nil), ("", nil), ("1.5", nil),
      ("Sun, 06 Nov 1994 08:50:07 GMT", 30), ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
      ("Sun, 06 Nov 2994 08:49:37 GMT", 3600),
    ] as [(String, Int?)])
  func retryAfter(text: String, seconds: Int?) {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    for status in [429, 503, 500] {
      let answer = LinkAnswer(status: status, retryAfter: text, date: date)
      guard
        case .transient(_, let wait, let isOverload) = ShipmentVerdict(
          .answer(answer), of: Self.batch)
      else {
        Issue.record("\(status)")
        continue
      }
      #expect(wait == seconds.map { .seconds($0) })
      #expect(isOverload == (status != 500))
    }
    let undated = LinkAnswer(status: 503, retryAfter: "Sun, 06 Nov 1994 08:50:07 GMT")
    #expect(RetryAfter.wait(undated) == nil)
  }
}
