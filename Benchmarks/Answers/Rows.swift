import JSON
import Query

/// Rows of an answer on their way into one JSON array of arrays.
struct Rows {
  private var json = JSONWriter(capacity: 1 << 12)

  init() { json.beginArray() }

  mutating func row(_ cells: (inout JSONWriter) throws -> Void) rethrows {
    json.beginArray()
    try cells(&json)
    json.endArray()
  }

  consuming func finished() -> [UInt8] {
    json.endArray()
    return json.bytes
  }
}

extension JSONWriter {
  mutating func value(_ value: Value) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): integer(number)
    case .double(let number): double(number)
    case .string(let text): string(text)
    }
  }
}
