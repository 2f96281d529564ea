import Testing

@testable import Settings

@Suite("Command lines") struct ProgramTests {
  let program = Program(
    name: "sample", version: "1.2.3", summary: "shows how it is done",
    commands: [
      Command("run", "runs until it is stopped", takesSettings: true),
      Command(
        "enroll", "joins an aggregator",
        options: [
          .value("token", "T", "The token.", required: true),
          .value("format", "F", "How.", .words(["json", "text"])), .flag("force", "Even so."),
        ], examples: [CommandExample("sample enroll --token T", "with a token")]),
      Command("send", "sends files", operands: "FILE…", options: [.flag("dry-run", "Only tries.")]),
      Command(
        "store", "looks after the store",
        subcommands: [
          Command("check", "reads everything", options: [.flag("deep", "Really everything.")]),
          Command("repair", "mends it"),
        ]),
    ],
    defaultCommand: "run", schema: Sample.schema)

  func invocation(_ words: String...) throws -> Invocation {
    guard case .run(let invocation) = try program.parse(words) else {
      throw UsageProblem(message: "printed", hint: "")
    }
    return invocation
  }

  func printed(_ words: String...) throws -> String {
    guard case .print(let text) = try program.parse(words) else { return "" }
    return text
  }

  func problem(_ words: String...) -> String {
    do {
      _ = try program.parse(words)
      return ""
    } catch {
      return error.description
    }
  }

  @Test("a command may be left out where there is a default, and goes before its options")
  func commands() throws {
    #expect(try invocation().command == ["run"])
    #expect(try invocation("--data", "/d").dataFolder == "/d")
    #expect(try invocation("run", "--config=c").configFile == "c")
    #expect(try invocation("store", "check", "--deep").command == ["store", "check"])
    #expect(try invocation("store", "check", "--deep").isGiven("deep"))
    #expect(
      problem("--data", "/d", "store")
        == "run takes no argument, and store is one; a command comes before its options: sample store …"
    )
  }

  @Test("keys of the configuration come as --set and as flags of their own, in order")
  func overrides() throws {
    let invocation = try invocation(
      "--listen", "a:1", "--set", "spool.linger=1s", "--set=log.level=debug",
      "--aggregator=https://a?b=c")
    #expect(
      invocation.overrides == [
        SettingsSources.Override(path: "listen", text: "a:1", flag: "--listen"),
        SettingsSources.Override(path: "spool.linger", text: "1s", flag: "--set spool.linger"),
        SettingsSources.Override(path: "log.level", text: "debug", flag: "--set log.level"),
        SettingsSources.Override(
          path: "aggregator.urls", text: "https://a?b=c", flag: "--aggregator"),
      ])
  }

  @Test("operands stand anywhere, and behind -- everything is one")
  func operands() throws {
    let invocation = try invocation("send", "a", "--dry-run", "-", "--", "--dry-run", "-x")
    #expect(invocation.operands == ["a", "-", "--dry-run", "-x"])
    #expect(invocation.isGiven("dry-run"))
  }

  @Test("what is wrong is said with what would be right")
  func problems() {
    #expect(problem("stor") == "sample has no command stor; did you mean store?")
    #expect(problem("store", "chek") == "sample store has no command chek; did you mean check?")
    #expect(problem("store") == "sample store wants to know what to do; one of check, repair")
    #expect(problem("--lisen", "a:1") == "run has no option --lisen; did you mean --listen?")
    #expect(problem("-x") == "run has no option -x; see sample run --help")
    #expect(problem("--listen") == "--listen wants a value; as in --listen HOST:PORT")
    #expect(
      problem("--listen", "--data", "d") == "--listen wants a value; as in --listen HOST:PORT")
    #expect(problem("--data", "a", "--data", "b") == "--data is given twice; once is enough")
    #expect(problem("enroll") == "enroll wants --token; as in --token T")
    #expect(problem("enroll", "--force=1") == "--force takes no value; leave out what follows =")
    #expect(problem("--set", "x") == "--set wants KEY=VALUE, found \"x\"; as in --set listen=VALUE")
    #expect(
      problem("store", "check", "--set", "a=b")
        == "store check has no option --set; see sample store check --help")
    #expect(problem("completion", "tcsh").hasSuffix("one of bash, zsh, fish"))
    #expect(problem("help", "stor") == "there is no command stor; did you mean store?")
  }

  @Test("no command line traps, whatever it holds")
  func hostile() {
    let words = [
      "", "-", "--", "---", "=", "--=", "--set", "--set==", "=a", "run", "store", "\u{0}",
      "--help=1",
    ]
    for first in words {
      for second in words {
        for third in words { _ = try? program.parse([first, second, third]) }  // Only must return.
      }
    }
  }

  @Test("help names every command, option, key, default and example there is")
  func help() throws {
    let text = try printed("--help")
    for word in [
      "run", "enroll", "store check", "store repair", "--version", "TRIBUTARY_LOG__LEVEL",
    ] {
      #expect(text.contains(word), "\(word)")
    }
    let run = try printed("run", "--help")
    for setting in Sample.schema.settings {
      #expect(
        run.contains(setting.path)
          && run.contains("[" + (setting.defaultText.isEmpty ? "not set" : setting.defaultText)))
    }
    #expect(run.contains("--listen HOST:PORT"))
    #expect(try printed("--data", "x", "--help") == run)
    #expect(try printed("help", "run") == run)
    let enroll = try printed("enroll", "-h")
    #expect(enroll.contains("sample enroll --token T [options]"))
    #expect(enroll.contains("with a token"))
    #expect(try printed("store", "--help").contains("repair"))
    #expect(try printed("store", "check", "--help").contains("--deep"))
    #expect(try printed("--version") == "sample 1.2.3\n")
    for page in [text, run, enroll] {
      #expect(page.split(separator: "\n").allSatisfy { $0.unicodeScalars.count <= 100 })
    }
  }

  @Test("a shell is taught every command and every option", arguments: Shell.allCases)
  func completion(shell: Shell) throws {
    let text = try printed("completion", shell.rawValue)
    for word in [
      "run", "enroll", "store", "check", "repair", "dry-run", "listen", "data", "completion",
    ] {
      #expect(text.contains(word), "\(word)")
    }
  }
}
