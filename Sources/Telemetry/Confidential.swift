/// A value that no log line, error message or dump shows: only `revealed` gives it away, and that
/// word is easy to search for.
package struct Confidential: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  package let revealed: String

  package init(_ text: String) { revealed = text }

  package var description: String { "***" }
  package var debugDescription: String { "***" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
