import Platform
import Testing

@testable import Settings

@Suite("Values of settings") struct SettingValueTests {
  @Test(
    "sizes as people write them",
    arguments: [
      ("0", 0), ("10", 10), ("1_000", 1000), ("10GiB", 10 << 30), ("64 KiB", 65536),
      ("1.5MiB", 3 << 19), ("2kb", 2000), ("1 gb", 1_000_000_000), ("7B", 7), ("0.001kB", 1),
      ("8191TiB", 8191 << 40),
    ])
  func sizes(text: String, bytes: Int) { #expect(ByteCount(settingText: text)?.bytes == bytes) }

  @Test(
    "what is no size",
    arguments: [
      "", "GiB", "-1", "+1", "1..5MiB", "1.MiB", ".5MiB", "1__0", "_1", "1_", "1.5B", "0.0001kB",
      "10 XB",
      "9000000TiB", "99999999999999999999", "1 0", "0x10", "1e3", "10GiBs", "１０",
    ])
  func noSizes(text: String) { #expect(ByteCount(settingText: text) == nil) }

  @Test(
    "durations as people write them",
    arguments: [
      ("0", Duration.zero), ("250ms", .milliseconds(250)), ("1 h", .seconds(3600)),
      ("1h30m", .seconds(5400)), ("1.5s", .milliseconds(1500)), ("2 d", .seconds(172_800)),
      ("10us", .microseconds(10)), ("10µs", .microseconds(10)), ("5min", .seconds(300)),
      ("1m 1s", .seconds(61)), ("7ns", .nanoseconds(7)),
    ])
  func durations(text: String, duration: Duration) {
    #expect(Duration(settingText: text) == duration)
  }

  @Test(
    "what is no duration",
    arguments: [
      "", "5", "ms", "-1s", "1s1s", "1s1m", "1.5ns", "1 fortnight", "300000d", "1h30", "1S",
    ])
  func noDurations(text: String) { #expect(Duration(settingText: text) == nil) }

  @Test(
    "addresses",
    arguments: ["127.0.0.1:7070", "[::1]:80", "localhost:0", "unix:/run/t.sock", "a-b.c_d:1"])
  func addresses(text: String) { #expect(Address(settingText: text)?.settingText == text) }

  @Test(
    "what is no address",
    arguments: [
      "", ":80", "localhost", "localhost:", "localhost:65536", "localhost:+80", "localhost:8 0",
      "::1:80",
      "[::1]", "[localhost]:80", "http://a:80", "a b:80", "unix:", "a/b:80", "unix:/a\0b",
    ])
  func noAddresses(text: String) { #expect(Address(settingText: text) == nil) }

  @Test("servers, with the port that their scheme implies")
  func servers() throws {
    let plain = try #require(ServerURL(settingText: "http://[::1]/base/"))
    #expect(!plain.isSecure && plain.host == "::1" && plain.port == 80 && plain.prefix == "/base")
    #expect(plain.settingText == "http://[::1]/base")
    let secure = try #require(ServerURL(settingText: "https://events.example.com:7443"))
    #expect(secure.isSecure && secure.port == 7443 && secure.prefix.isEmpty)
    #expect(secure.authority == "events.example.com:7443")
    #expect(ServerURL(settingText: "https://a")?.authority == "a")
    for bad in [
      "", "a:80", "ftp://a", "https://", "https://:80", "https://u:p@a", "https://a?x",
      "https://a/b#c",
      "https://a/b c", "https://a:0", "https://a:b", "https://a\r\nX: y",
    ] {
      #expect(ServerURL(settingText: bad) == nil, "\(bad)")
    }
  }

  @Test(
    "a value reads back from its text and from its literal in a file", arguments: UInt64(0)..<50)
  func roundTrip(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let bits = Int(random.next() >> UInt64.random(in: 1..<64, using: &random))
    let size = ByteCount(bits << Int.random(in: 0..<8, using: &random) & Int.max)
    let duration = Duration.nanoseconds(Int64(bits))
    #expect(ByteCount(settingText: size.settingText) == size)
    #expect(Duration(settingText: duration.settingText) == duration)
    #expect(Int(settingText: bits.settingText) == bits)
    let list = [size, ByteCount(bits & 0xFFFF)]
    #expect([ByteCount](settingText: list.settingText) == list)
    let configuration = try Sample.resolve(
      file:
        "{batch: {ratio: \((0.5).settingLiteral)}, deep: {er: {level: \((bits & ~1).settingLiteral)}}}"
    )
    #expect(configuration[Sample.depth] == bits & ~1)
    #expect(configuration[Sample.ratio] == 0.5)
  }

  @Test("hostile texts are refused, never trapped on", arguments: UInt64(0)..<50)
  func hostile(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let alphabet = Array("0123456789.._-+ hmsdKiBTGx[]:/\u{0}é\u{301}9999")
    for _ in 0..<200 {
      let text = String(
        (0..<Int.random(in: 0..<30, using: &random)).map { _ in
          alphabet.randomElement(using: &random)!
        })
      if let size = ByteCount(settingText: text) { #expect(size.bytes >= 0) }
      if let duration = Duration(settingText: text) { #expect(duration >= .zero) }
      _ = Address(settingText: text)
      _ = ServerURL(settingText: "https://" + text)
      _ = Int(settingText: text)
      _ = [ServerURL](settingText: text)
    }
  }
}
