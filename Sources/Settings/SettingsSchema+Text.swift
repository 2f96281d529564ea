extension SettingsSchema {
  /// A configuration file with every key at its default, each explained and commented out. Removing
  /// the slashes before a key changes nothing until its value is changed.
  package func example(for program: String) -> String {
    var text = """
      // The configuration of \(program), in JSON5. Every key stands here with its default; remove the
      // slashes before the ones you change. Each can also be given as a flag, --set KEY=VALUE, or in
      // the variable that stands beside it. Flags win over variables, and variables over this file.
      {

      """
    write(below: "", indent: "  ", to: &text)
    return text + "}\n"
  }

  /// Keys of a section come before the sections inside it, each in the order of declaration.
  private func write(below parent: String, indent: String, to text: inout String) {
    var inner: [String] = []
    for setting in settings {
      let parents = Self.parents(of: setting.path)
      if (parents.last ?? "") == parent {
        for line in wrapped("\(setting.doc) \(facts(of: setting))", to: 92 - indent.utf8.count) {
          text += "\(indent)// \(line)\n"
        }
        text += "\(indent)// \(setting.variable)\n"
        text += "\(indent)// \(Self.name(of: setting.path)): \(setting.defaultLiteral),\n\n"
      } else if let section = parents.first(where: {
        (Self.parents(of: $0).last ?? "") == parent
          && (parent.isEmpty || $0.hasPrefix(parent + "."))
      }), !inner.contains(section) {
        inner.append(section)
      }
    }
    for section in inner {
      if let doc = sections.first(where: { $0.path == section })?.doc {
        for line in wrapped(doc, to: 92 - indent.utf8.count) { text += "\(indent)// \(line)\n" }
      }
      text += "\(indent)\(Self.name(of: section)): {\n"
      write(below: section, indent: indent + "  ", to: &text)
      text += "\(indent)},\n\n"
    }
    if text.hasSuffix("\n\n") { text.removeLast() }
  }

  /// Every key as help shows it.
  package var help: String {
    settings.map { setting in
      let flag = setting.flag.map { ", --\($0)" } ?? ""
      let initial = setting.defaultText.isEmpty ? "not set" : setting.defaultText
      let lines = wrapped("\(setting.doc) \(facts(of: setting))", to: 72)
      return "  \(setting.path)=\(setting.placeholder)  [\(initial)]\(flag)\n"
        + lines.map { "      \($0)\n" }.joined()
    }.joined()
  }

  private func facts(of setting: AnySetting) -> String {
    let kind = setting.expectation.prefix(1).uppercased() + setting.expectation.dropFirst()
    return setting.bounds.map { "\(kind); must \($0)." } ?? "\(kind)."
  }
}

/// The words of a text in lines of at most `width` scalars, where no single word is longer.
func wrapped(_ text: String, to width: Int) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in text.split(whereSeparator: \.isWhitespace) {
    if !line.isEmpty, line.unicodeScalars.count + 1 + word.unicodeScalars.count > width {
      lines.append(line)
      line = ""
    }
    line += line.isEmpty ? String(word) : " \(word)"
  }
  return line.isEmpty ? lines : lines + [line]
}
