import TestSupport

/// Documents as clients might write them, and the damage that might happen to them on the way.
struct RandomDocument {
  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func bytes(depth: Int = 5) -> [UInt8] { Array((blank() + value(depth) + blank()).utf8) }

  /// One to four changes, each likely to leave something that still looks like JSON.
  mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(pick(Array(#"{}[]",:\/u0123456789abcdefE+-. tfn"#.utf8)), at: place)
      case 3: bytes.insert(pick([0x00, 0x1F, 0x7F, 0x80, 0xC0, 0xE2, 0xED, 0xF4, 0xFF]), at: place)
      case 4:
        let end = Int.random(in: place...bytes.count, using: &random)
        bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &random))
      }
    }
    return bytes
  }

  private mutating func value(_ depth: Int) -> String {
    let kinds = depth > 0 ? 8 : 6
    switch Int.random(in: 0..<kinds, using: &random) {
    case 0: return pick(["true", "false", "null"])
    case 1, 2: return randomNumberText(using: &random).replacing("e", with: pick(["e", "E"]))
    case 3, 4, 5: return string()
    case 6:
      let elements = (0..<count()).map { _ in blank() + value(depth - 1) + blank() }
      return "[\(elements.isEmpty ? blank() : elements.joined(separator: ","))]"
    default:
      let members = (0..<count()).map { _ in
        blank() + string() + blank() + ":" + blank() + value(depth - 1) + blank()
      }
      return "{\(members.isEmpty ? blank() : members.joined(separator: ","))}"
    }
  }

  private mutating func string() -> String {
    let pieces = [
      "a", "bc", "event_name", "a longer piece of plain text that fills a block or two", " ", "/",
      #"\""#, #"\\"#, #"\/"#, #"\n"#, #"\t"#, #"\u0000"#, #"\u00e9"#, #"\uD83D\uDE00"#, #"\uFFFF"#,
      "é", "€", "😀", "\u{7F}", "\u{10FFFF}", "e\u{301}", "{", "]", ":", "0",
    ]
    return "\"" + (0..<count()).map { _ in pick(pieces) }.joined() + "\""
  }

  private mutating func blank() -> String {
    Int.random(in: 0..<6, using: &random) == 0 ? pick([" ", "\n", "\r\n", "\t", "   "]) : ""
  }

  private mutating func count() -> Int { Int.random(in: 0...5, using: &random) }

  private mutating func pick<T>(_ choices: [T]) -> T {
    choices[Int.random(in: 0..<choices.count, using: &random)]
  }
}
