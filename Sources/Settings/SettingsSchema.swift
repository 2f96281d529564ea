internal import Platform

/// All keys of a program: what help, examples and checks are made from.
package struct SettingsSchema: Sendable {
  /// A group of keys, with a sentence on what it is about.
  package struct Section: Sendable {
    package let path: String
    package let doc: String
  }

  package let settings: [AnySetting]
  package let sections: [Section]
  private let byPath: [String: Int]

  /// - Parameter sections: sentences for paths such as `spool`; a section needs none.
  ///
  /// A key that is declared twice, or that is also a section, is a mistake of ours and traps.
  package init(
    _ settings: [any SettingDeclaration], sections: KeyValuePairs<String, String> = [:]
  ) {
    self.settings = settings.map(\.erased)
    self.sections = sections.map { Section(path: $0.key, doc: $0.value) }
    var byPath: [String: Int] = [:]
    for (index, setting) in self.settings.enumerated() {
      precondition(Self.isGood(setting.path), "not a path for a setting: \(setting.path)")
      precondition(
        byPath.updateValue(index, forKey: setting.path) == nil, "\(setting.path) is declared twice")
    }
    for path in byPath.keys {
      precondition(
        Self.parents(of: path).allSatisfy { byPath[$0] == nil }, "\(path) is inside another key")
    }
    self.byPath = byPath
  }

  package func setting(_ path: String) -> AnySetting? { byPath[path].map { settings[$0] } }

  /// Whether keys begin with this path and go on.
  func isSection(_ path: String) -> Bool {
    settings.contains { $0.path.hasPrefix(path + ".") }
  }

  /// A known key that somebody may have meant by `path`: one of the same section, or one of the same
  /// name in another.
  func suggestion(for path: String) -> String? {
    let everything = Set(settings.flatMap { Self.parents(of: $0.path) + [$0.path] })
    let parent = Self.parents(of: path).last
    let siblings = everything.filter { Self.parents(of: $0).last == parent }.sorted()
    let name = Self.name(of: path)
    if let near = Suggestion.nearest(to: name, among: siblings.map(Self.name(of:))) {
      return siblings.first { Self.name(of: $0) == near }
    }
    if let near = Suggestion.nearest(to: path, among: everything.sorted()) { return near }
    return settings.first { Self.name(of: $0.path) == name }?.path
  }

  /// The sections around a path, outermost first: `a`, `a.b` for `a.b.c`.
  static func parents(of path: String) -> [String] {
    let parts = path.split(separator: ".")
    return parts.indices.dropFirst().map { parts[..<$0].joined(separator: ".") }
  }

  static func name(of path: String) -> String {
    path.split(separator: ".").last.map(String.init) ?? path
  }

  /// Words of lower-case letters, digits and single underscores: what variables can name.
  private static func isGood(_ path: String) -> Bool {
    path.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && !part.contains("__") && !part.hasPrefix("_") && !part.hasSuffix("_")
        && part.utf8.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x5F }
    }
  }
}
