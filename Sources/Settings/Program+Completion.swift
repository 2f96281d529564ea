/// A shell that completes command lines.
package enum Shell: String, CaseIterable, Sendable {
  case bash, zsh, fish
}

extension Program {
  /// A script that teaches a shell this program's commands and options.
  package func completion(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  /// A command that does something, with the words that lead to it.
  private struct Leaf {
    let path: [String]
    let command: Command
  }

  private func leaves(_ commands: [Command], _ path: [String] = []) -> [Leaf] {
    commands.flatMap { command in
      let path = path + [command.name]
      return command.subcommands.isEmpty
        ? [Leaf(path: path, command: command)] : leaves(command.subcommands, path)
    }
  }

  private func operandWords(_ leaf: Leaf) -> [String] {
    leaf.path == ["completion"] ? Shell.allCases.map(\.rawValue) : []
  }

  /// The words that may follow what was typed, by what was typed; the empty path is the program.
  private var branches: [(path: [String], words: [String])] {
    func below(_ commands: [Command], _ path: [String]) -> [(path: [String], words: [String])] {
      commands.filter { !$0.subcommands.isEmpty }.flatMap { command in
        let path = path + [command.name]
        return [(path: path, words: command.subcommands.map(\.name))]
          + below(command.subcommands, path)
      }
    }
    let initial = commands.first { $0.name == defaultCommand }.map { options(of: $0) } ?? []
    let top =
      commands.map(\.name) + ["help", "--version", "--help"]
      + initial.filter { $0.name != "help" }.map { "--\($0.name)" }
    return [(path: [], words: top)] + below(commands, [])
  }

  private var identifier: String { name.split(separator: "-").joined(separator: "_") }

  // MARK: bash

  private var bash: String {
    var cases = ""
    for branch in branches {
      cases +=
        "    \"\(branch.path.joined(separator: " "))\") words=\"\(spaced(branch.words))\" ;;\n"
    }
    for leaf in leaves(commands) {
      let words = options(of: leaf.command).map { "--\($0.name)" } + operandWords(leaf)
      cases += "    \"\(spaced(leaf.path))\") words=\"\(spaced(words))\" ;;\n"
    }
    var values = ""
    for option in allOptions {
      switch option.completion {
      case .nothing where option.placeholder != nil: values += "    --\(option.name)) return ;;\n"
      case .nothing: break
      case .file:
        values += "    --\(option.name)) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
      case .folder:
        values += "    --\(option.name)) COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
      case .words(let words):
        values +=
          "    --\(option.name)) COMPREPLY=($(compgen -W \"\(spaced(words))\" -- \"$word\")); return ;;\n"
      }
    }
    return """
      # bash completion for \(name)
      _\(identifier)() {
        local word="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
        local path="" words="" index
        case "$previous" in
      \(values)    esac
        for ((index = 1; index < COMP_CWORD; index++)); do
          case "${COMP_WORDS[index]}" in
            -*) break ;;
            *) path="${path:+$path }${COMP_WORDS[index]}" ;;
          esac
        done
        case "$path" in
      \(cases)    esac
        COMPREPLY=($(compgen -W "$words" -- "$word"))
      }
      complete -F _\(identifier) \(name)

      """
  }

  // MARK: zsh

  /// zsh reads bash's completions where it is asked to; ours keep to what it reads.
  private var zsh: String {
    "#compdef \(name)\nautoload -U +X bashcompinit && bashcompinit\n" + bash
  }

  // MARK: fish

  private var fish: String {
    var text = "# fish completion for \(name)\ncomplete -c \(name) -f\n"
    func line(_ condition: String, _ rest: String, _ doc: String) {
      text += "complete -c \(name) -n '\(condition)' \(rest) -d '\(inQuotes(doc))'\n"
    }
    func condition(_ path: [String], leaf: Bool) -> String {
      guard let last = path.last else { return "__fish_use_subcommand" }
      let seen = path.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
      return leaf || last.isEmpty ? seen : "\(seen); and not __fish_seen_subcommand_from "
    }
    func add(_ commands: [Command], _ path: [String]) {
      for command in commands {
        let names = commands.map(\.name).joined(separator: " ")
        let place = path.isEmpty ? "__fish_use_subcommand" : condition(path, leaf: false) + names
        line(place, "-a \(command.name)", command.summary)
        add(command.subcommands, path + [command.name])
      }
    }
    add(commands, [])
    for leaf in leaves(commands) {
      let place = condition(leaf.path, leaf: true)
      for option in options(of: leaf.command) {
        var rest = "-l \(option.name)"
        if option.placeholder != nil { rest += " -r" }
        switch option.completion {
        case .nothing: break
        case .file: rest += " -F"
        case .folder: rest += " -a '(__fish_complete_directories)'"
        case .words(let words): rest += " -a '\(spaced(words))'"
        }
        line(place, rest, option.summary)
      }
      for word in operandWords(leaf) { line(place, "-a \(word)", word) }
    }
    return text
  }

  private func inQuotes(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
  }

  /// Each option once, those of the same name being alike in what they take.
  private var allOptions: [CommandOption] {
    var seen: Set<String> = []
    return leaves(commands).flatMap { options(of: $0.command) }
      .filter { seen.insert($0.name).inserted }
  }

  private func spaced(_ words: [String]) -> String { words.joined(separator: " ") }
}
