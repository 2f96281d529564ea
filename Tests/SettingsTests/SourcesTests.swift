import Platform
import Testing

@testable import Settings

@Suite("Sources of settings") struct SourcesTests {
  let program = Program(
    name: "sample", version: "1", summary: "s",
    commands: [Command("run", "r", takesSettings: true)],
    defaultCommand: "run", schema: Sample.schema)

  func gather(
    _ words: [String], environment: [String: String] = [:], files: [String: String] = [:]
  ) throws -> SettingsSources {
    guard case .run(let invocation) = try program.parse(words) else { throw Sample.Forbidden() }
    return try SettingsSources.gather(invocation, environment: environment) { path in
      files[path].map { Array($0.utf8) }
    }
  }

  @Test("the file is the one that is named, else the data folder's own where there is one")
  func file() throws {
    let files = ["/d/config.json5": "{}", "/e/config.json5": "{}", "c.json5": "{}"]
    #expect(try gather([], files: files).file == nil)
    #expect(try gather(["--data", "/d"], files: files).file?.name == "/d/config.json5")
    #expect(try gather(["--data", "/none"], files: files).file == nil)
    #expect(
      try gather(["--data", "/d", "--config", "c.json5"], files: files).file?.name == "c.json5")
    let environment = ["TRIBUTARY_DATA": "/e", "TRIBUTARY_LISTEN": "a:1"]
    let sources = try gather([], environment: environment, files: files)
    #expect(sources.file?.name == "/e/config.json5")
    #expect(sources.environment == ["TRIBUTARY_LISTEN": "a:1"])
    #expect(
      try gather(["--data", "/d"], environment: environment, files: files).file?.name
        == "/d/config.json5")
    #expect(
      try gather([], environment: ["TRIBUTARY_CONFIG": "c.json5"], files: files).file?.name
        == "c.json5")
  }

  @Test("a file that was named and is not there is a problem, not a default")
  func missing() {
    #expect(
      throws: SettingsProblems(problems: [
        SettingsProblem("/x.json5", "there is no such file", hint: "name one with --config")
      ])
    ) { try gather(["--config", "/x.json5"]) }
  }

  @Test(
    "files and variables of the real system are read, and what is too large or no file is refused")
  func system() throws {
    #expect(SettingsSources.processEnvironment["PATH"]?.isEmpty == false)
    #expect(try SettingsSources.readFile("/nonexistent/config.json5") == nil)
    #expect(try SettingsSources.readFile("/etc/hostname")?.isEmpty == false)
    #expect(throws: SystemError.self) { try SettingsSources.readFile("/dev/zero") }
    #expect(throws: SystemError.self) { try SettingsSources.readFile("/etc") }
  }
}
