import JSON

/// Whatever the bytes are: stepping over them, reading them and the grammar agree; what was read is
/// written and read again; what is JSON is JSON5; and errors point into the bytes.
@Sendable func fuzzJSON(_ lent: Span<UInt8>) {
  // A copy of exactly this size, so that one byte too far is found out.
  var bytes: [UInt8] = []
  for index in lent.indices { bytes.append(lent[index]) }
  let withDuplicates = ReferenceParser.parse(bytes, refusesDuplicates: false)
  let value = read(bytes)
  precondition(skips(bytes) == (withDuplicates != nil), "skipping and the grammar differ")
  precondition(value == ReferenceParser.parse(bytes), "reading and the grammar differ")
  let configuration = readJSON5(bytes)
  if let value {
    precondition(read(value.bytes) == value, "writing and reading differ")
    precondition(configuration == value, "JSON5 reads it otherwise")
  } else if let configuration {
    precondition(read(configuration.bytes) == configuration, "JSON5 made what JSON does not have")
  }
}

private func read(_ bytes: [UInt8]) -> JSONValue? {
  do throws(JSONError) {
    return try JSONValue(parsing: bytes.span)
  } catch {
    precondition((0...bytes.count).contains(error.offset), "an error outside")
    return nil
  }
}

private func skips(_ bytes: [UInt8]) -> Bool {
  var cursor = JSONCursor()
  do throws(JSONError) {
    try cursor.finish(bytes.span)
    precondition(cursor.position == bytes.count, "finished too early")
    return true
  } catch {
    precondition((0...bytes.count).contains(error.offset), "an error outside")
    return false
  }
}

private func readJSON5(_ bytes: [UInt8]) -> JSONValue? {
  do throws(JSON5Error) {
    return try JSON5Parser.parse(bytes.span).value
  } catch {
    precondition(error.position.line >= 1 && error.position.column >= 1, "an error outside")
    return nil
  }
}
