import Testing

@testable import Calendar

@Suite("Timestamps of clients") struct TimestampTests {
  @Test(
    "whole numbers are seconds below 10^11 and milliseconds from there on",
    arguments: [
      (0, 0), (1, 1000), (1_746_266_400, 1_746_266_400_000), (99_999_999_999, 99_999_999_999_000),
      (100_000_000_000, 100_000_000_000), (1_746_266_400_123, 1_746_266_400_123),
      ((1 << 48) - 1, (1 << 48) - 1), (1 << 48, nil), (-1, nil), (.max, nil), (.min, nil),
    ] as [(Int64, Int64?)])
  func integers(number: Int64, milliseconds: Int64?) {
    #expect(Instant(timestamp: number)?.milliseconds == milliseconds)
  }

  @Test(
    "fractions of seconds are milliseconds, fractions of milliseconds nothing",
    arguments: [
      (1_746_266_400.123, 1_746_266_400_123), (1_746_266_400.1234, 1_746_266_400_123),
      (0.001, 1), (1_746_266_400_123.9, 1_746_266_400_123), (1.5e9, 1_500_000_000_000),
      (1e11, 100_000_000_000), (2.8e14, 280_000_000_000_000), (2.9e14, nil), (-0.5, nil), (-1, nil),
      (.infinity, nil), (.nan, nil), (1e300, nil), (-1e300, nil),
    ] as [(Double, Int64?)])
  func doubles(number: Double, milliseconds: Int64?) {
    #expect(Instant(timestamp: number)?.milliseconds == milliseconds)
  }

  @Test("every millisecond of a day survives being sent as seconds with three decimals")
  func secondsWithDecimals() {
    let start: Int64 = 1_746_266_400_000
    let wrong = stride(from: start, to: start + 86_400_000, by: 37).filter { milliseconds in
      let text = "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
      return Double(text).flatMap { Instant(timestamp: $0) }?.milliseconds != milliseconds
    }
    #expect(wrong.isEmpty)
  }

  @Test("text is RFC 3339 within the time of events")
  func text() {
    let texts: [(String, Int64?)] = [
      ("2025-05-03T10:00:00Z", 1_746_266_400_000), ("1969-12-31T23:59:59Z", nil), ("today", nil),
      ("9999-12-31T23:59:59Z", 253_402_300_799_000),
    ]
    for (text, milliseconds) in texts {
      let bytes = Array(text.utf8)
      let instant = Instant(timestamp: bytes.span)
      #expect(instant?.milliseconds == milliseconds)
    }
  }
}
