import JSON
import Platform
import Testing

@testable import Telemetry

@Suite("Log") struct LogTests {
  let pipe = LinePipe()
  let clock = HandClock(wall: 1_777_889_472_345)

  func output(_ level: LogLevel = .info, limit: LogLimiter.Limit? = nil) -> LogOutput {
    LogOutput(service: "test", level: level, descriptor: pipe.writeEnd, clock: clock, limit: limit)
  }

  @Test("a line is one JSON object with the members of M-E9 first, then the fields in their order")
  func line() {
    let trace = TraceID(high: 0x0AF7_6519_16CD_43DD, low: 0x8448_EB21_1C80_319C)
    Log(output()).about(project: "acme", trace: trace).info(
      "listening", ["address": "127.0.0.1:7070", "loops": 2, "ratio": 0.5, "tls": false])
    #expect(
      pipe.lines() == [
        #"{"timestamp":"2026-05-04T10:11:12.345Z","level":"info","service":"test","#
          + #""project_id":"acme","trace_id":"0af7651916cd43dd8448eb211c80319c","#
          + #""message":"listening","address":"127.0.0.1:7070","loops":2,"ratio":0.5,"tls":false}"#
      ])
  }

  @Test("a level below the one in force costs nothing: its fields are not even made")
  func disabled() {
    let output = output(.warning)
    let log = Log(output)
    func fields() -> LogFields {
      Issue.record("made for nothing")
      return [:]
    }
    log.info("request", fields())
    log.debug("request", fields())
    log.warning("seen")
    output.level = .error
    log.warning("unseen")
    #expect(pipe.lines().count == 1)
  }

  @Test("whatever a client sends stays inside its value, and on its line")
  func injection() {
    let evil = "a\"b\\c\nd\r\u{0}\u{1B}[31m\u{7F}\u{85}\u{2028}\u{202E}é😀"
    Log(output()).info("event", ["name": .text(evil)])
    let lines = pipe.lines()
    #expect(lines.count == 1)
    #expect(
      lines[0].hasSuffix(
        #""name":"a\"b\\c\nd\u000d\u0000\u001b[31m\u007f\u0085\u2028\u202eé😀"}"#))
  }

  @Test("any text is read back from its line by a JSON reader", arguments: UInt64(0)..<20)
  func readsBack(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var text = ""
    for _ in 0..<100 {
      let limit: UInt32 = Bool.random(using: &random) ? 0x2100 : 0x11_0000
      guard let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) else {
        continue
      }
      text.unicodeScalars.append(scalar)
    }
    Log(output()).info("m", ["text": .text(text)])
    let line = Array(pipe.lines()[0].utf8)
    var cursor = JSONCursor()
    try cursor.enterObject(line.span)
    var found: String?
    while let key = try cursor.nextKey(line.span) {
      guard key.equals("text", in: line.span) else {
        _ = try cursor.skip(line.span)
        continue
      }
      found = try cursor.text(line.span).string(in: line.span)
    }
    try cursor.finish(line.span)
    #expect(found.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
  }

  @Test(
    "a field cannot take the place of what every line has, a value has a bound, and JSON no NaN")
  func fields() {
    let long = String(repeating: "é", count: 5000)
    Log(output()).info("m", ["level": "x", "long": .text(long), "nan": .double(.nan)])
    let line = pipe.lines()[0]
    #expect(line.contains(#""level_":"x""#))
    #expect(line.contains(#"éé…","nan":"nan"}"#))
    #expect(line.utf8.count < 2400)
  }

  @Test("a line leaves whole, with one write, so that lines of two threads never mix")
  func whole() async {
    let log = Log(output())
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<5 { log.info("m", ["text": .text(String(repeating: "x", count: 1500))]) }
        }
      }
    }
    let lines = pipe.lines()
    #expect(lines.count == 20)
    #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("xx\"}") })
  }

  @Test("what the kernel refuses is counted, and nobody waits for it")
  func refused() {
    let closed = LogOutput(service: "test", descriptor: -1, clock: clock)
    Log(closed).error("nobody hears this")
    #expect(closed.linesRefused == 1)
  }

  @Test("a storm of one message leaves its first lines and a number; others are not touched")
  func storm() {
    let output = output(limit: LogLimiter.Limit(lines: 3, per: .seconds(10)))
    let log = Log(output)
    for index in 0..<100 { log.error("disk is full", ["index": .integer(index)]) }
    log.error("something else")
    #expect(pipe.lines().count == 4)
    #expect(output.linesLeftOut == 97)
    clock.advance(by: .seconds(11))
    log.info("a third")  // Any line tells about the windows that are over.
    let later = pipe.lines()
    #expect(later.count == 2)
    #expect(
      later[0].hasSuffix(
        #""level":"error","service":"test","project_id":null,"trace_id":null,"#
          + #""message":"log lines left out","repeated":"disk is full","left_out":97}"#))
    log.error("disk is full")
    #expect(pipe.lines().count == 1)
  }

  @Test("at the end, flush tells what is still untold; debug lines are never left out")
  func flush() {
    let output = output(.debug, limit: LogLimiter.Limit(lines: 1, per: .seconds(10)))
    for _ in 0..<5 { Log(output).info("again") }
    for _ in 0..<5 { Log(output).debug("detail") }
    output.flush()
    output.flush()
    let lines = pipe.lines()
    #expect(lines.count == 1 + 5 + 1)
    #expect(lines.last?.hasSuffix(#""repeated":"again","left_out":4}"#) == true)
  }

  @Test("written and left out together are all there were", arguments: UInt64(0)..<20)
  func limiterKeepsCount(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    var limiter = LogLimiter(LogLimiter.Limit(lines: 4, per: .nanoseconds(50)))
    var now: UInt64 = 0
    var written = 0
    var told = 0
    for _ in 0..<1000 {
      now += UInt64.random(in: 0..<20, using: &random)
      told += limiter.sweep(at: now).reduce(0) { $0 + $1.leftOut }
      let message: StaticString = Bool.random(using: &random) ? "one" : "two"
      if limiter.admit(.info, message, at: now) { written += 1 }
    }
    told += limiter.sweep(at: now, everything: true).reduce(0) { $0 + $1.leftOut }
    #expect(written + told == 1000)
    #expect(written < 1000)
  }

  @Test("a secret shows in no description, dump or field")
  func secret() {
    let secret = Confidential("tw_hunter2")
    Log(output()).info("key", ["key": "\(secret)", "error": .text(String(reflecting: [secret]))])
    var dumped = ""
    dump((key: secret, 1), to: &dumped)
    #expect(!(pipe.lines()[0] + dumped).contains("hunter2"))
    #expect(secret.revealed == "tw_hunter2")
  }

  @Test(
    "a timestamp is RFC 3339 in UTC",
    arguments: [
      (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_827_696_789, "2000-02-29T12:34:56.789Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (.min, "0000-01-01T00:00:00.000Z"),
      (.max, "9999-12-31T23:59:59.999Z"),
    ])
  func timestamps(milliseconds: Int64, text: String) {
    #expect(String(decoding: LogLine.timestamp(milliseconds), as: UTF8.self) == text)
  }
}
