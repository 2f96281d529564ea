import Events
import Platform
import Query
import SealedModel
import Synchronization
import Testing

@testable import Kernels

/// What exports are made of.
@Suite("Parts of exports") struct ExportPartsTests {
  private static func spelled(_ number: Int64) -> String {
    let arena = ByteArena()
    Spelling.append(number, to: arena)
    return arena.withBytes { bytes in
      String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
  }

  @Test("numbers have their digits")
  func digits() {
    var random = seeded(3)
    var numbers: [Int64] = [0, -1, .min, .max]
    var power: Int64 = 1
    for _ in 0..<18 {
      numbers += [power - 1, power, power + 1, 1 - power, -power]
      power *= 10
    }
    numbers += [power - 1, power, power + 1]
    for _ in 0..<50_000 {
      numbers.append(
        Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<63, using: &random))
    }
    for number in numbers { #expect(Self.spelled(number) == String(number)) }
    for number in 0..<100_000 as Range<Int64> { #expect(Self.spelled(number) == String(number)) }
  }

  @Test("lines are sorted by time, then by id", arguments: [0, 1, 2, 3, 63, 64, 65, 500, 5_000])
  func sorting(count: Int) {
    var random = seeded(UInt64(count))
    for reach in [1, 3, 300, 70_000, UInt64.max] {
      let found = FoundLines()
      found.removeAll(Stretches(.min ... .max))
      var pen = found.pen(for: count)
      var expected: [[UInt64]] = []
      for _ in 0..<count {
        let distance = UInt64.random(in: 0..<reach, using: &random)
        let id = (UInt64.random(in: 0...2, using: &random), random.next())
        found.turnPage(&pen, 64)
        unsafe pen.next.storeBytes(of: id.0, as: UInt64.self)
        unsafe pen.next.storeBytes(of: id.1, toByteOffset: 8, as: UInt64.self)
        unsafe pen.next.storeBytes(of: 0, toByteOffset: 16, as: Int.self)
        unsafe pen.line.pointee = FoundLines.Line(distance: distance, start: pen.next)
        unsafe pen.line += 1
        expected.append([distance, id.0, id.1])
      }
      found.add(count, pen)
      unsafe LineSort.sort(UnsafeMutableBufferPointer(start: found.lines, count: count))
      expected.sort { $0.lexicographicallyPrecedes($1) }
      let sorted = (0..<count).map { index in
        let line = unsafe found.lines[index]
        return [line.distance, line.id.0, line.id.1]
      }
      #expect(sorted == expected)
    }
  }

  private final class Shared: Sendable {
    let passed = Mutex<[UInt8]>([])
    let next = Atomic<Int>(0)
  }

  @Test("what is made in any order is passed on in order", arguments: 0..<20)
  func order(seed: Int) async {
    let shared = Shared()
    let wanted = seed % 4 == 0 ? 60 : 200
    let output = OrderedOutput { bytes in
      let number = bytes[0]
      shared.passed.withLock { $0.append(number) }
      return number < wanted
    }
    await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask {
          var arena = ByteArena()
          while true {
            let number = shared.next.add(1, ordering: .relaxed).oldValue
            guard number < 200 else { return }
            arena.append(UInt8(number))
            if number % 7 == seed % 7 { await Task.yield() }
            guard let other = output.deliver(number, arena) else { return }
            arena = other
          }
        }
      }
    }
    let numbers = shared.passed.withLock(\.self)
    #expect(numbers == (0..<UInt8(numbers.count)).map { $0 })
    #expect(numbers.count == min(200, wanted + 1))
  }
}
