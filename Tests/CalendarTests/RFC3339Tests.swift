import TestSupport
import Testing

@testable import Calendar

@Suite("RFC 3339") struct RFC3339Tests {
  @Test(
    "times are read to the millisecond",
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2025-05-03T10:00:00Z", 1_746_266_400_000),
      ("2025-05-03T10:00:00", 1_746_266_400_000), ("2025-05-03 10:00:00.5", 1_746_266_400_500),
      ("2025-05-03t12:00:00.123456789+02:00", 1_746_266_400_123),
      ("2025-05-03T04:30:00.9999-05:30", 1_746_266_400_999), ("1969-12-31T23:59:59.999z", -1),
      ("2016-12-31T23:59:60Z", 1_483_228_799_999), ("2016-12-31T23:59:60.7Z", 1_483_228_799_999),
      ("2017-01-01T05:29:60+05:30", 1_483_228_799_999),
      ("0000-01-01T00:00:00Z", -62_167_219_200_000),
      ("9999-12-31T23:59:59.999-23:59", 253_402_387_139_999),
      ("2025-05-03T10:00:00-00:00", 1_746_266_400_000),
    ])
  func reads(text: String, milliseconds: Int64) {
    let bytes = Array(text.utf8)
    let instant = Instant(rfc3339: bytes.span)
    #expect(instant?.milliseconds == milliseconds)
    #expect(CalendarModel.milliseconds(rfc3339: bytes) == milliseconds)
  }

  @Test(
    "what is not exactly that is refused",
    arguments: [
      "", "2025", "2025-05-03", "2025-05-03T10:00", "2025-05-03T10:00Z", "2025-05-03T24:00:00Z",
      "2025-05-03T10:60:00Z", "2025-05-03T10:00:61Z", "2025-05-03T10:00:60Z",
      "2025-02-29T10:00:00Z",
      "2025-13-03T10:00:00Z", "2025-05-03T10:00:00.Z", "2025-05-03T10:00:00,5Z",
      "2025-05-03T10:00:00+0200", "2025-05-03T10:00:00+02", "2025-05-03T10:00:00+24:00",
      "2025-05-03T10:00:00+02:60", "2025-05-03T10:00:00ZZ", "2025-05-03T10:00:00Z ",
      " 2025-05-03T10:00:00Z", "25-05-03T10:00:00Z", "02025-05-03T10:00:00Z", "2025-5-3T10:00:00Z",
      "20250503T100000Z", "2025/05/03T10:00:00Z", "+2025-05-03T10:00:00Z", "-2025-05-03T10:00:00Z",
      "2025-05-03T10:00:00 Z", "2025-05-03_10:00:00Z", "２025-05-03T10:00:00Z",
    ])
  func refuses(text: String) {
    let bytes = Array(text.utf8)
    let instant = Instant(rfc3339: bytes.span)
    #expect(instant == nil)
    #expect(CalendarModel.milliseconds(rfc3339: bytes) == nil)
  }

  @Test("instants are written so that they are read as the same", arguments: UInt64(0)..<20)
  func roundTrip(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
      let instant = Instant(milliseconds: .random(in: range, using: &random))
      let bytes = instant.rfc3339Bytes
      let read = Instant(rfc3339: bytes.span)
      #expect(read == instant)
      #expect(bytes.count == 24)
    }
  }

  @Test("whole, damaged or cut, a time is read as the grammar reads it", arguments: UInt64(0)..<20)
  func agreesWithModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("0123456789-:.TtZz +,".utf8)
    for _ in 0..<30 {
      var text = Instant(milliseconds: .random(in: 0...4_102_444_800_000, using: &random))
        .rfc3339.dropLast(Int.random(in: 1...5, using: &random))
      text += ["", "Z", "z", "+05:30", "-11:00", ".5", "99Z"].randomElement(using: &random) ?? ""
      var bytes = Array(text.utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] =
          alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      }
      for end in 0...bytes.count {
        let cut = Array(bytes[..<end])
        let instant = Instant(rfc3339: cut.span)
        let expected = CalendarModel.milliseconds(rfc3339: cut)
        #expect(instant?.milliseconds == expected, "\(String(decoding: cut, as: UTF8.self))")
      }
    }
  }

  @Test("years beyond four digits are written with their sign")
  func farYears() {
    #expect(Instant(milliseconds: 253_402_300_800_000).rfc3339 == "+10000-01-01T00:00:00.000Z")
    #expect(Instant(milliseconds: -62_167_219_200_001).rfc3339 == "-0001-12-31T23:59:59.999Z")
    #expect(Instant(milliseconds: .max).rfc3339 == "+292278994-08-17T07:12:55.807Z")
    #expect(Instant(milliseconds: .min).rfc3339 == "-292275055-05-16T16:47:04.192Z")
  }
}
