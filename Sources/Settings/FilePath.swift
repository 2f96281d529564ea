/// A file or a folder. In a configuration file, a relative path is meant from that file's folder, so
/// that a data folder can be moved as a whole; elsewhere it is meant from the working folder.
package struct FilePath: Hashable, Sendable, SettingValue {
  package let text: String

  package init(_ text: String) { self.text = text }

  package static var placeholder: String { "PATH" }
  package static var expectation: String { "a path" }

  package init?(settingText: String) {
    guard !settingText.isEmpty, !settingText.utf8.contains(0) else { return nil }
    text = settingText
  }

  package var settingText: String { text }

  package func relative(to folder: String) -> FilePath {
    guard !text.hasPrefix("/"), !folder.isEmpty else { return self }
    return FilePath(folder == "/" ? "/\(text)" : "\(folder)/\(text)")
  }

  /// The folder that a file is in, empty for the working folder.
  static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

/// The name of a file that holds a secret, so that the secret itself stands in no configuration, no
/// environment and no list of processes. Its key ends in `_file`; `Configuration.secret(_:)` has the
/// content.
package struct SecretFile: Hashable, Sendable, SettingValue {
  package let path: FilePath

  package init(_ path: FilePath) { self.path = path }

  package static var placeholder: String { "FILE" }
  package static var expectation: String { "the name of a file that holds the secret" }

  package init?(settingText: String) {
    guard let path = FilePath(settingText: settingText) else { return nil }
    self.path = path
  }

  package var settingText: String { path.text }

  package func relative(to folder: String) -> SecretFile { SecretFile(path.relative(to: folder)) }
}
