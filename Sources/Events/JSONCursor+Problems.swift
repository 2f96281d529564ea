package import JSON

// The cursor's calls as the readers of events want them: what goes wrong is a problem of the event.
extension JSONCursor {
  @inline(__always)
  package mutating func kind(_ bytes: Span<UInt8>) throws(EventProblem) -> JSONKind {
    do { return try peek(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func openObject(_ bytes: Span<UInt8>) throws(EventProblem) {
    do { try enterObject(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func openArray(_ bytes: Span<UInt8>) throws(EventProblem) {
    do { try enterArray(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func key(_ bytes: Span<UInt8>) throws(EventProblem) -> JSONText? {
    do { return try nextKey(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func hasElement(_ bytes: Span<UInt8>) throws(EventProblem) -> Bool {
    do { return try nextElement(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func textValue(_ bytes: Span<UInt8>) throws(EventProblem) -> JSONText {
    do { return try text(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func numberValue(_ bytes: Span<UInt8>) throws(EventProblem) -> JSONNumber {
    do { return try number(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func boolValue(_ bytes: Span<UInt8>) throws(EventProblem) -> Bool {
    do { return try bool(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func nullValue(_ bytes: Span<UInt8>) throws(EventProblem) {
    do { try null(bytes) } catch { throw .json(error) }
  }

  @inline(__always)
  package mutating func step(over bytes: Span<UInt8>) throws(EventProblem) {
    do { try skip(bytes) } catch { throw .json(error) }
  }
}
