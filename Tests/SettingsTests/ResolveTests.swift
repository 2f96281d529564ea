import Platform
import Telemetry
import Testing

@testable import Settings

@Suite("Resolving settings") struct ResolveTests {
  @Test("with nothing said, everything is at its default")
  func defaults() throws {
    let configuration = try Sample.resolve()
    #expect(configuration[Sample.maximum] == .gib(10))
    #expect(configuration[Sample.level] == .info)
    #expect(configuration[Sample.anonymous] == nil)
    #expect(configuration.origin(of: Sample.maximum) == .byDefault)
  }

  @Test("each type is read from a file")
  func file() throws {
    let configuration = try Sample.resolve(
      file: """
        {
          listen: "unix:/run/t.sock", // a comment
          log: { level: 'debug' },
          spool: { max_bytes: "1 GiB", linger: "1s", policy: "drop_oldest", sync: false },
          batch: { max_events: 10, ratio: 1 },
          aggregator: { urls: ["https://a:7443", "https://b:7443"] },
          anonymous_project: "demo",
          tls: { cert: null },
          deep: { er: { level: 4 } },
        }
        """)
    #expect(configuration[Sample.listen] == .unix(path: "/run/t.sock"))
    #expect(configuration[Sample.level] == .debug)
    #expect(configuration[Sample.maximum] == .gib(1))
    #expect(configuration[Sample.linger] == .seconds(1))
    #expect(configuration[Sample.policy] == .dropOldest)
    #expect(configuration[Sample.sync] == false)
    #expect(configuration[Sample.events] == 10)
    #expect(configuration[Sample.ratio] == 1)
    #expect(configuration[Sample.servers].map(\.host) == ["a", "b"])
    #expect(configuration[Sample.anonymous] == "demo")
    #expect(configuration[Sample.certificate] == nil)
    #expect(configuration[Sample.depth] == 4)
    #expect(configuration.listing.contains("spool.max_bytes = \"1GiB\"  (config.json5:4:"))
  }

  @Test("flag over variable over file over default, key by key", arguments: UInt64(0)..<100)
  func precedence(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let paths = ["batch.max_events", "deep.er.level", "spool.max_bytes"]
    var expected = ["batch.max_events": 1000, "deep.er.level": 2, "spool.max_bytes": 10 << 30]
    var inFile: [String: Int] = [:]
    var environment: [String: String] = ["PATH": "/bin", "OTHER__SPOOL": "1"]
    var flags: [(String, String)] = []
    for path in paths {
      func value() -> Int {
        Int.random(in: 1...1000, using: &random) * 2 + (path.hasPrefix("s") ? 1 << 30 : 0)
      }
      if Bool.random(using: &random) {
        inFile[path] = value()
        expected[path] = inFile[path]
      }
      if Bool.random(using: &random) {
        let said = value()
        environment["TRIBUTARY_" + path.replacing(".", with: "__").uppercased()] = String(said)
        expected[path] = said
      }
      for _ in 0..<Int.random(in: 0...2, using: &random) {  // The last of several wins.
        let said = value()
        flags.append((path, String(said)))
        expected[path] = said
      }
    }
    let file = """
      { batch: { \(inFile["batch.max_events"].map { "max_events: \($0)" } ?? "") },
        deep: { er: { \(inFile["deep.er.level"].map { "level: \($0)" } ?? "") } },
        spool: { \(inFile["spool.max_bytes"].map { "max_bytes: \($0)" } ?? "") } }
      """
    let configuration = try Sample.resolve(file: file, environment: environment, flags: flags)
    #expect(configuration[Sample.events] == expected["batch.max_events"])
    #expect(configuration[Sample.depth] == expected["deep.er.level"])
    #expect(configuration[Sample.maximum].bytes == expected["spool.max_bytes"])
  }

  @Test("everything that is wrong is said at once, each with its place and what to do")
  func everythingAtOnce() {
    let problems = Sample.problems(
      file: """
        {
          spool: {
            max_byte: "1GiB",
            linger: 250,
            policy: "drop",
            sync: "yes",
          },
          spol: {},
          max_events: 5,
          batch: 3,
          deep: { er: { level: 3 } },
          frobnicate: 1,
        }
        """,
      environment: ["TRIBUTARY_BATCH__MAX_EVENTS": "0", "TRIBUTARY_LISTN": "a:1"],
      flags: [("spool.max_bytes", "1MiB"), ("spool", "x"), ("nothing", "x")])
    #expect(
      problems == [
        "config.json5:3:5: unknown key spool.max_byte; did you mean spool.max_bytes?",
        "config.json5:4:13: spool.linger: expected a duration with its unit, such as 250ms, 1 h or 1h30m, found 250",
        "config.json5:5:13: spool.policy: expected refuse or drop_oldest, found \"drop\"",
        "config.json5:6:11: spool.sync: expected true or false, found \"yes\"",
        "config.json5:8:3: unknown key spol; did you mean spool?",
        "config.json5:9:3: unknown key max_events; did you mean batch.max_events?",
        "config.json5:10:10: batch: expected an object, found 3",
        "config.json5:11:24: deep.er.level: must be even, found 3",
        "config.json5:12:3: unknown key frobnicate",
        "TRIBUTARY_BATCH__MAX_EVENTS: must lie between 1 and 100000, found \"0\"",
        "TRIBUTARY_LISTN: no setting has this name; did you mean TRIBUTARY_LISTEN?",
        "--set spool.max_bytes: must be at least 64MiB, found \"1MiB\"",
        "--set spool: spool is a group of settings, not one",
        "--set nothing: unknown key nothing",
      ])
  }

  @Test("a wrong value is a problem even where a flag overrides it")
  func overriddenProblem() {
    #expect(
      Sample.problems(file: "{batch: {ratio: 2}}", flags: [("batch.ratio", "0.5")])
        == ["config.json5:1:17: batch.ratio: must lie between 0.0 and 1.0, found 2"])
  }

  @Test(
    "a file that is no JSON5, or no object, says where",
    arguments: ["", "[", "{a:", "[1]", "{a:1 b:2}"])
  func brokenFile(text: String) {
    let problems = Sample.problems(file: text)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix("config.json5:1:") == true)
  }

  @Test("a file cut anywhere is refused or read, never trapped on")
  func cutFile() {
    let whole = Sample.schema.example(for: "sample").replacing("// ", with: "")
    for end in whole.utf8.indices { _ = Sample.problems(file: String(whole[..<end])) }
  }

  @Test("what others put in the environment is only worth a warning")
  func foreignVariables() throws {
    let configuration = try Sample.resolve(environment: [
      "TRIBUTARY_SERVICE_HOST": "10.0.0.1", "TRIBUTARY_PORT_7070_TCP_ADDR": "10.0.0.1", "HOME": "/",
    ])
    #expect(configuration.warnings.count == 2)
  }

  @Test("a secret comes from its file, and is refused anywhere else")
  func secrets() throws {
    let configuration = try Sample.resolve(
      file: #"{metrics: {token_file: "token"}}"#, name: "/etc/t/config.json5",
      files: ["/etc/t/token": "hunter2\n"])
    #expect(configuration.secret(Sample.token)?.revealed == "hunter2")
    #expect(!configuration.listing.contains("hunter2"))
    #expect(
      Sample.problems(file: #"{metrics: {token: "hunter2"}}"#)
        == [
          "config.json5:1:12: unknown key metrics.token; a secret stays in a file: set metrics.token_file"
        ])
    #expect(
      Sample.problems(environment: ["TRIBUTARY_METRICS__TOKEN_FILE": "/none"])
        == ["TRIBUTARY_METRICS__TOKEN_FILE: metrics.token_file: there is no file /none"])
    #expect(
      Sample.problems(environment: ["TRIBUTARY_METRICS__TOKEN_FILE": "/forbidden"])
        == ["TRIBUTARY_METRICS__TOKEN_FILE: metrics.token_file: not for you"])
    #expect(
      Sample.problems(environment: ["TRIBUTARY_METRICS__TOKEN_FILE": "/e"], files: ["/e": "\n"])
        == ["TRIBUTARY_METRICS__TOKEN_FILE: metrics.token_file: /e holds no text"])
    #expect(try Sample.resolve().secret(Sample.token) == nil)
  }

  @Test(
    "a relative path in a file is meant from that file's folder, elsewhere from where one stands")
  func relativePaths() throws {
    let text = #"{tls: {cert: "tls/cert.pem"}, listen: "unix:t.sock"}"#
    let configuration = try Sample.resolve(file: text, name: "/srv/data/config.json5")
    #expect(configuration[Sample.certificate]?.text == "/srv/data/tls/cert.pem")
    #expect(configuration[Sample.listen] == .unix(path: "/srv/data/t.sock"))
    #expect(try Sample.resolve(file: text)[Sample.certificate]?.text == "tls/cert.pem")
    let absolute = try Sample.resolve(file: #"{tls: {cert: "/c"}}"#, name: "/srv/config.json5")
    #expect(absolute[Sample.certificate]?.text == "/c")
    let byFlag = try Sample.resolve(flags: [("tls.cert", "tls/cert.pem")])
    #expect(byFlag[Sample.certificate]?.text == "tls/cert.pem")
  }

  @Test("the example is a file that changes nothing, also with its keys uncommented")
  func example() throws {
    let example = Sample.schema.example(for: "sample")
    #expect(example.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 100 })
    let defaults = try Sample.resolve().listing
    #expect(try Sample.resolve(file: example).listing == defaults)
    let lines = example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let names = Set(Sample.schema.settings.map { SettingsSchema.name(of: $0.path) })
    let uncommented = lines.map { line in
      let rest = line.drop { $0 == " " }
      guard rest.hasPrefix("// "), let colon = rest.firstIndex(of: ":"),
        names.contains(String(rest.dropFirst(3)[..<colon]))
      else { return line }
      return String(rest.dropFirst(3))
    }
    let text = uncommented.joined(separator: "\n")
    let configuration = try Sample.resolve(file: text)
    #expect(configuration.origin(of: Sample.depth) != .byDefault)
    #expect(configuration.origin(of: Sample.token) != .byDefault)
    let values = { (listing: String) in
      listing.split(separator: "\n").map { String($0.prefix { $0 != "(" }) }
    }
    #expect(values(configuration.listing) == values(defaults))
  }

  @Test("a schema that contradicts itself traps")
  func mistakes() async {
    await #expect(processExitsWith: .failure) {
      _ = SettingsSchema([Setting("a", default: 1, "One."), Setting("a", default: 2, "Two.")])
    }
    await #expect(processExitsWith: .failure) {
      _ = SettingsSchema([Setting("a", default: 1, "One."), Setting("a.b", default: 2, "Two.")])
    }
    await #expect(processExitsWith: .failure) {
      _ = SettingsSchema([Setting("a__b", default: 1, "A name no variable can have.")])
    }
    await #expect(processExitsWith: .failure) { _ = Setting("a", default: 1, in: 2...3, "Out.") }
  }
}
