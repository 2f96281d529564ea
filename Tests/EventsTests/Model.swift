import JSON
import Platform

@testable import Events

/// A JSON value as slowly and obviously as it can be had, to hold the fast code against.
indirect enum Model: Equatable {
  case null, bool(Bool), integer(Int64), double(Double), string(String)
  case array([Model]), object([(String, Model)])

  static func == (left: Model, right: Model) -> Bool { left.encoded == right.encoded }

  /// The canonical encoding by its definition.
  var encoded: [UInt8] {
    switch self {
    case .null: return [0]
    case .bool(let value): return [value ? 2 : 1]
    case .integer(let value):
      return [3] + Self.varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    case .double(let value):
      return [4] + (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    case .string(let text): return [5] + Self.prefixed(text)
    case .array(let values): return [6] + Self.counted(values.flatMap(\.encoded))
    case .object(let members):
      let sorted = members.sorted { Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) }
      return [7] + Self.counted(sorted.flatMap { Self.prefixed($0.0) + $0.1.encoded })
    }
  }

  static func varint(_ value: UInt64) -> [UInt8] {
    value < 0x80
      ? [UInt8(value)] : [UInt8(value & 0x7F) | 0x80] + varint(value >> 7)
  }

  private static func prefixed(_ text: String) -> [UInt8] {
    varint(UInt64(text.utf8.count)) + Array(text.utf8)
  }

  private static func counted(_ bytes: [UInt8]) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
  }

  /// JSON text of the value, with white space and escapes where chance wants them.
  func json(_ random: inout some RandomNumberGenerator) -> String {
    let space = ["", "", "", " ", "\n\t "].randomElement(using: &random)!
    return space + bare(&random) + space
  }

  private func bare(_ random: inout some RandomNumberGenerator) -> String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .double(let value): return value.description
    case .string(let text): return Self.quoted(text, &random)
    case .array(let values):
      var parts: [String] = []
      for value in values { parts.append(value.json(&random)) }
      return "[" + parts.joined(separator: ",") + "]"
    case .object(let members):
      var parts: [String] = []
      for (key, value) in members {
        parts.append(Self.quoted(key, &random) + ":" + value.json(&random))
      }
      return "{" + parts.joined(separator: ",") + "}"
    }
  }

  static func quoted(_ text: String, _ random: inout some RandomNumberGenerator) -> String {
    var result = "\""
    for unit in text.unicodeScalars {
      let mustEscape = unit.value < 0x20 || unit == "\"" || unit == "\\"
      if mustEscape || Int.random(in: 0..<20, using: &random) == 0 {
        for code in String(unit).utf16 {
          let hex = String(code, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        }
      } else {
        result.unicodeScalars.append(unit)
      }
    }
    return result + "\""
  }

  static func random(_ random: inout some RandomNumberGenerator, depth: Int) -> Model {
    switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2:
      return .integer(
        Int64(truncatingIfNeeded: random.next() >> UInt64.random(in: 0..<64, using: &random)))
    case 3: return .integer([0, 1, -1, .min, .max, 127, 128].randomElement(using: &random)!)
    case 4:
      let value = Double(bitPattern: random.next())
      return .double(value.isFinite ? value : 0.5)
    case 5, 6: return .string(text(&random))
    case 7:
      let count = Int.random(in: 0..<5, using: &random)
      return .array((0..<count).map { _ in Model.random(&random, depth: depth - 1) })
    default: return object(&random, depth: depth)
    }
  }

  static func object(_ random: inout some RandomNumberGenerator, depth: Int) -> Model {
    let most = Int.random(in: 0..<60, using: &random) == 0 ? 60 : 6
    let count = Int.random(in: 0...most, using: &random)
    var seen: Set<[UInt8]> = []
    var members: [(String, Model)] = []
    for _ in 0..<count {
      let key = text(&random)
      guard seen.insert(Array(key.utf8)).inserted else { continue }
      members.append((key, Model.random(&random, depth: depth - 1)))
    }
    return .object(members)
  }

  static func text(_ random: inout some RandomNumberGenerator) -> String {
    let pieces = [
      "a", "b", "ab", "key", "a_long_key", "a_long_key_2", "\u{0}", "é", "漢", "🙂", "\"", "\\", "\n",
      "/", "zzzzzzzz", "zzzzzzzzy", "",
    ]
    let count = Int.random(in: 0...4, using: &random)
    return (0..<count).map { _ in pieces.randomElement(using: &random)! }.joined()
  }
}

/// The encoding of an object that is given as JSON.
func encode(_ json: String) throws -> [UInt8] {
  let bytes = Array(json.utf8)
  var builder = PropertiesBuilder()
  var cursor = JSONCursor()
  try builder.addMembers(of: &cursor, bytes.span, field: "props")
  try cursor.finish(bytes.span)
  var output = ScratchBytes()
  try builder.finish(into: &output)
  return Array(output.storage[..<output.count])
}

func seeded(_ seed: UInt64) -> RandomGenerator { RandomGenerator(SeededRandom(seed: seed)) }
