import Calendar
import JSON
import Query
import TestSupport
import Testing

@testable import QueryJSON

/// 2026-03-10T12:00Z, a Tuesday.
let noon = Instant(milliseconds: 1_773_144_000_000)

func surroundings() -> QuestionContext { QuestionContext(now: noon, zones: ZoneFiles()) }

func question(_ text: String) throws(QuestionFault) -> AnyQuestion {
  let bytes = Array(text.utf8)
  return try AnyQuestion(parsing: bytes.span, in: surroundings())
}

@Suite("Questions as JSON and back") struct RoundTripTests {
  @Test("what is written reads back as the same question", arguments: UInt64(0)..<100)
  func roundTrip(seed: UInt64) throws {
    var questions = RandomQuestion(seed: seed)
    for _ in 0..<20 {
      let asked = questions.next()
      let bytes = asked.json.bytes
      let read = try AnyQuestion(parsing: bytes.span, in: surroundings())
      #expect(read == asked, "\(asked.json)")
      #expect(read.json == asked.json)
    }
  }

  @Test("a text that is cut anywhere is no JSON, whatever it asks", arguments: UInt64(0)..<40)
  func cuts(seed: UInt64) {
    var questions = RandomQuestion(seed: seed)
    let bytes = questions.next().json.bytes
    for count in 0..<bytes.count {
      let cut = Array(bytes[..<count])
      do throws(QuestionFault) {
        let read = try AnyQuestion(parsing: cut.span, in: surroundings())
        Issue.record("\(read.json)")
      } catch { #expect(error.code == .invalidJSON) }
    }
  }

  @Test("changed bytes are refused, or are another question", arguments: UInt64(0)..<60)
  func changedBytes(seed: UInt64) throws {
    var questions = RandomQuestion(seed: seed)
    var random = SeededGenerator(seed: seed)
    let whole = questions.next().json.bytes
    for _ in 0..<200 {
      var bytes = whole
      for _ in 0...Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(Array("{}[]\",:-019ae".utf8).randomElement(using: &random)!, at: place)
        default:
          let other = Int.random(in: 0..<bytes.count, using: &random)
          bytes.replaceSubrange(
            min(place, other)..<max(place, other),
            with: bytes[min(place, other)..<max(place, other)].reversed())
        }
        if bytes.isEmpty { bytes = whole }
      }
      try isRefusedOrStable(bytes)
    }
  }

  @Test(
    "values in the place of others are refused, or are another question",
    arguments: UInt64(0)..<60)
  func changedValues(seed: UInt64) throws {
    var questions = RandomQuestion(seed: seed)
    var random = SeededGenerator(seed: seed)
    let whole = questions.next().json
    for _ in 0..<100 {
      try isRefusedOrStable(Self.changed(whole, &random).bytes)
    }
  }

  @Test(
    "a key that nobody knows is refused at its place, wherever it stands",
    arguments: UInt64(0)..<60)
  func unknownKeys(seed: UInt64) throws {
    var questions = RandomQuestion(seed: seed)
    let whole = questions.next().json
    var count = 0
    Self.objects(in: whole) { path, added in
      count += 1
      do throws(QuestionFault) {
        _ = try AnyQuestion(added, in: surroundings())
        Issue.record("\(added)")
      } catch {
        #expect(error.code == .unknownKey)
        #expect(error.path == path, "\(added)")
      }
    }
    #expect(count > 0)
  }

  private func isRefusedOrStable(_ bytes: [UInt8]) throws {
    let read: AnyQuestion
    do throws(QuestionFault) {
      read = try AnyQuestion(parsing: bytes.span, in: surroundings())
    } catch {
      #expect(!error.message.isEmpty)
      return
    }
    #expect(try AnyQuestion(read.json, in: surroundings()) == read)
  }

  private static let others: [JSONValue] = [
    nil, true, 0, -1, 1.5, "", "events", "props.a", [], [nil], ["a", 1], [:], ["event": "a"],
    ["and": []], .integer(.max), .double(1e300),
  ]

  private static func changed(
    _ value: JSONValue, _ random: inout SeededGenerator
  ) -> JSONValue {
    switch value {
    case .object(var members) where !members.isEmpty && Int.random(in: 0...5, using: &random) > 0:
      let place = Int.random(in: 0..<members.count, using: &random)
      if Int.random(in: 0...9, using: &random) == 0 {
        members.remove(at: place)
      } else {
        members[place].value = changed(members[place].value, &random)
      }
      return .object(members)
    case .array(var elements) where !elements.isEmpty && Int.random(in: 0...5, using: &random) > 0:
      let place = Int.random(in: 0..<elements.count, using: &random)
      elements[place] = changed(elements[place], &random)
      return .array(elements)
    default: return others.randomElement(using: &random) ?? nil
    }
  }

  /// The question once for each object in it, with a member more there, and that member's place.
  private static func objects(
    in value: JSONValue, at path: String = "", _ visit: (String, JSONValue) -> Void
  ) {
    switch value {
    case .object(let members):
      let place = path.isEmpty ? "zzz" : path + ".zzz"
      visit(place, .object(members + [JSONMember("zzz", 1)]))
      for (index, member) in members.enumerated() {
        let inner = path.isEmpty ? member.key : "\(path).\(member.key)"
        objects(in: member.value, at: inner) { place, changed in
          var copy = members
          copy[index].value = changed
          visit(place, .object(copy))
        }
      }
    case .array(let elements):
      for (index, element) in elements.enumerated() {
        objects(in: element, at: "\(path)[\(index)]") { place, changed in
          var copy = elements
          copy[index] = changed
          visit(place, .array(copy))
        }
      }
    default: break
    }
  }
}
