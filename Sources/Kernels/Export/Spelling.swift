import JSON
import Query

/// How values are spelled in the lines of an export.
enum Spelling {
  static func append(_ value: Value, _ format: EventExport.Format, to arena: ByteArena) {
    switch value {
    case .null: if format == .json { append("null", to: arena) }
    case .bool(let flag): append(flag ? "true" : "false", to: arena)
    case .integer(let number): append(number, to: arena)
    case .double(let number): append(number.description, to: arena)
    case .string(let text):
      let bytes = Array(text.utf8)
      append(text: bytes.span, format, to: arena)
    }
  }

  private static func append(_ text: String, to arena: ByteArena) {
    let bytes = Array(text.utf8)
    arena.append(bytes.span)
  }

  static func append(text: Span<UInt8>, _ format: EventExport.Format, to arena: ByteArena) {
    switch format {
    case .csv:
      guard text.isEmpty || needsQuotes(text) else { return arena.append(text) }
      arena.append(UInt8(ascii: "\""))
      for index in text.indices {
        if text[index] == UInt8(ascii: "\"") { arena.append(UInt8(ascii: "\"")) }
        arena.append(text[index])
      }
      arena.append(UInt8(ascii: "\""))
    case .json:
      var json = JSONWriter()
      json.string(utf8: text)
      let bytes = json.bytes
      arena.append(bytes.span)
    }
  }

  static func needsQuotes(_ text: Span<UInt8>) -> Bool {
    var found: UInt8 = 0
    var index = 0
    while index < text.count {
      let byte = text[index]
      found |= byte == 0x22 || byte == 0x2C || byte == 0x0A || byte == 0x0D ? 1 : 0
      index &+= 1
    }
    return found != 0
  }

  /// The digits of a number, at most twenty of them.
  @inline(__always)
  static func append(_ number: Int64, to arena: ByteArena) {
    arena.reserve(20)
    // SAFETY: there is room for twenty bytes, and the slack behind them.
    arena.commit(unsafe write(number, to: arena.start + arena.count))
  }

  /// SAFETY: the target has room for twenty bytes, and seven that are written over afterwards.
  @inline(__always)
  static func write(_ number: Int64, to start: UnsafeMutablePointer<UInt8>) -> Int {
    let rest = number.magnitude
    var target = UnsafeMutableRawPointer(start)
    if number < 0 {
      unsafe target.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self)
      unsafe target += 1
    }
    let eight: UInt64 = 100_000_000
    if rest >= eight {
      let upper = rest / eight
      if upper >= eight {
        unsafe target += writeFirst(upper / eight, to: target)
        unsafe target.storeBytes(of: digits(upper % eight) | zeros, as: UInt64.self)
        unsafe target += 8
      } else {
        unsafe target += writeFirst(upper, to: target)
      }
      unsafe target.storeBytes(of: digits(rest % eight) | zeros, as: UInt64.self)
      unsafe target += 8
    } else {
      unsafe target += writeFirst(rest, to: target)
    }
    return unsafe target - UnsafeMutableRawPointer(start)
  }

  private static let zeros: UInt64 = 0x3030_3030_3030_3030

  /// A number of at most eight digits, without leading zeros.
  @inline(__always)
  private static func writeFirst(_ number: UInt64, to target: UnsafeMutableRawPointer) -> Int {
    let digits = digits(number)
    let leading = min(7, digits.trailingZeroBitCount &>> 3)
    unsafe target.storeBytes(
      of: (digits | zeros) &>> UInt64(8 &* leading), as: UInt64.self)
    return 8 &- leading
  }

  /// The eight digits of a number below 10⁸, the first one in the lowest byte: it is halved three times,
  /// and the parts side by side are divided at once, by factors that are exact for numbers so small.
  @inline(__always)
  private static func digits(_ number: UInt64) -> UInt64 {
    var parts = number / 10_000 | (number % 10_000) &<< 32
    var quotients = (parts &* 10_486) &>> 20 & 0x0000_007F_0000_007F
    parts = quotients | (parts &- quotients &* 100) &<< 16
    quotients = (parts &* 103) &>> 10 & 0x000F_000F_000F_000F
    return quotients | (parts &- quotients &* 10) &<< 8
  }
}
