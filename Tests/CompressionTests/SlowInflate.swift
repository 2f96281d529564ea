/// The model: RFC 1951 bit by bit, all input at hand, no tables, nothing clever. The fuzzer has it too,
/// by a link.
struct SlowInflate {
  enum Outcome: Equatable {
    case refused, incomplete
    case read([UInt8], bytesUsed: Int)
  }
  private enum Stop: Error { case refused, incomplete }

  private let input: [UInt8]
  private var bit = 0
  private var output: [UInt8] = []

  static func inflate(_ input: [UInt8]) -> Outcome {
    var machine = SlowInflate(input: input)
    do throws(Stop) {
      try machine.blocks()
      return .read(machine.output, bytesUsed: (machine.bit + 7) / 8)
    } catch {
      return error == .incomplete ? .incomplete : .refused
    }
  }

  private init(input: [UInt8]) { self.input = input }

  private mutating func bits(_ count: Int) throws(Stop) -> Int {
    guard bit + count <= input.count * 8 else { throw .incomplete }
    var value = 0
    for index in 0..<count {
      value |= Int(input[bit / 8] >> UInt8(bit % 8) & 1) << index
      bit += 1
    }
    return value
  }

  private mutating func blocks() throws(Stop) {
    var isLast = false
    while !isLast {
      isLast = try bits(1) == 1
      switch try bits(2) {
      case 0: try stored()
      case 1:
        let fixed = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
        try symbols(Code(fixed), Code([Int](repeating: 5, count: 32)))
      case 2: try dynamic()
      default: throw .refused
      }
    }
  }

  private mutating func stored() throws(Stop) {
    bit = (bit + 7) / 8 * 8
    let length = try bits(16)
    guard try bits(16) == length ^ 0xFFFF else { throw .refused }
    for _ in 0..<length { output.append(UInt8(try bits(8))) }
  }

  private mutating func dynamic() throws(Stop) {
    let (literals, distances) = (try bits(5) + 257, try bits(5) + 1)
    let count = try bits(4) + 4
    guard literals <= 286, distances <= 30 else { throw .refused }
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengths = [Int](repeating: 0, count: 19)
    for index in 0..<count { lengths[order[index]] = try bits(3) }
    let lengthCode = Code(lengths)
    guard lengthCode.unused == 0 else { throw .refused }
    var all: [Int] = []
    while all.count < literals + distances {
      switch try symbol(lengthCode) {
      case 16:
        guard let last = all.last else { throw .refused }
        all += [Int](repeating: last, count: try bits(2) + 3)
      case 17: all += [Int](repeating: 0, count: try bits(3) + 3)
      case 18: all += [Int](repeating: 0, count: try bits(7) + 11)
      case let length: all.append(length)
      }
    }
    guard all.count == literals + distances, all[256] > 0 else { throw .refused }
    let (literalCode, distanceCode) = (Code(Array(all[..<literals])), Code(Array(all[literals...])))
    guard literalCode.isAllowed, distanceCode.isAllowed else { throw .refused }
    try symbols(literalCode, distanceCode)
  }

  private mutating func symbols(_ literals: Code, _ distances: Code) throws(Stop) {
    while true {
      let symbol = try symbol(literals)
      if symbol < 256 { output.append(UInt8(symbol)) }
      if symbol == 256 { return }
      guard symbol > 256 else { continue }
      guard symbol < 286 else { throw .refused }
      let length = try value(symbol - 257, group: 4, first: 3, last: symbol == 285 ? 258 : nil)
      let distanceSymbol = try self.symbol(distances)
      guard distanceSymbol < 30 else { throw .refused }
      let distance = try value(distanceSymbol, group: 2, first: 1, last: nil)
      guard distance <= output.count else { throw .refused }
      for _ in 0..<length { output.append(output[output.count - distance]) }
    }
  }

  private mutating func value(_ index: Int, group: Int, first: Int, last: Int?) throws(Stop) -> Int
  {
    if let last { return last }
    var base = first
    for earlier in 0..<index { base += 1 << max(0, earlier / group - 1) }
    return base + (try bits(max(0, index / group - 1)))
  }

  private mutating func symbol(_ code: Code) throws(Stop) -> Int {
    var value = 0
    for length in 1...15 {
      value = value << 1 | (try bits(1))
      if let symbol = code.symbols[length << 16 | value] { return symbol }
      // zlib refuses a hole at its first bit.
      if code.longest <= 1 { throw .refused }
    }
    throw .refused
  }

  private struct Code {
    var symbols: [Int: Int] = [:]  // By length and bits.
    var unused = 1 << 15  // of 2^15 leaves
    var longest = 0

    init(_ lengths: [Int]) {
      longest = lengths.max() ?? 0
      var next = 0
      for length in 1...15 {
        next <<= 1
        for (symbol, itsLength) in lengths.enumerated() where itsLength == length {
          symbols[length << 16 | next] = symbol
          next += 1
          unused -= 1 << (15 - length)
        }
      }
    }

    var isAllowed: Bool { unused == 0 || (unused > 0 && longest <= 1) }
  }
}
