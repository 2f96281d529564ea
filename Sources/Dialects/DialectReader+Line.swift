package import Crypto
package import Events
package import JSON

/// A line of a file of events, and where it stands.
package struct EventLine: Sendable {
  package var project: ProjectID { reception.project }
  package let reception: Reception
  /// Stands for the file (`EventID`): SHA-256 of its first line.
  package let firstLine: Digest
  /// The line's first byte in the file.
  package let offset: Int

  package init(_ reception: Reception, firstLine: Digest, offset: Int) {
    self.reception = reception
    self.firstLine = firstLine
    self.offset = offset
  }
}

// Lines of a file, one event each in our own shape (Prism's, M-E1).
extension DialectReader {
  /// Reads the line as one event and appends its record. An event without an id gets one that the
  /// same line of the same file always gets; then the answer is true. A line that is refused leaves
  /// the events as they were.
  package mutating func read(
    _ bytes: Span<UInt8>, _ line: EventLine, into events: inout EventList
  ) throws(EventProblem) -> Bool {
    do throws(EventProblem) {
      var cursor = JSONCursor()
      _ = try draft.readFlat(Prism.self, &cursor, bytes, line.reception)
      do { try cursor.finish(bytes) } catch { throw EventProblem.json(error) }
      guard draft.has(.name) else { throw EventProblem.missing(field: "event_name") }
      let isNameless = !draft.has(.key)
      if isNameless {
        draft.set(
          id: EventID(
            line: bytes, at: line.offset, ofFileBeginningWith: line.firstLine,
            project: line.project, milliseconds: draft.clientTime))
      }
      try draft.finish(
        line.reception, dialect: Prism.name, index: 0, textBytes: bytes.count, ids: ids,
        into: &events)
      return isNameless
    } catch {
      draft.clear()
      throw error
    }
  }

  /// The project that the object in this line names, as a text of the line; nil where it names none,
  /// or is no object. Quick where it stands among the first keys.
  package static func project(of line: Span<UInt8>) -> JSONText? {
    var cursor = JSONCursor()
    do {
      guard try cursor.peek(line) == .object else { return nil }
      try cursor.enterObject(line)
      while let key = try cursor.nextKey(line) {
        guard key.equals("project_id", in: line) else { continue }
        return try cursor.peek(line) == .string ? try cursor.text(line) : nil
      }
    } catch { return nil }  // Its reader will say what is wrong with it.
    return nil
  }
}
