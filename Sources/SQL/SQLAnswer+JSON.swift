import JSON
import SQLite

extension SQLAnswer {
  /// `{"columns": [name, …], "rows": [[value, …], …], "cut": null | "rows" | "bytes", "missing": […]}`.
  /// Bytes that are no text are written in hexadecimal; JSON has no infinities: they are null.
  package var json: [UInt8] {
    var json = JSONWriter(capacity: 4_096)
    json.beginObject()
    json.key("columns")
    json.beginArray()
    for column in columns { json.string(column) }
    json.endArray()
    json.key("rows")
    json.beginArray()
    for row in rows {
      json.beginArray()
      for value in row { value.write(to: &json) }
      json.endArray()
    }
    json.endArray()
    json.key("cut")
    if let cut { json.string(cut.rawValue) } else { json.null() }
    json.key("missing")
    json.beginArray()
    for text in missing { json.string(text) }
    json.endArray()
    json.endObject()
    return json.bytes
  }
}

extension SQLiteValue {
  fileprivate func write(to json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .integer(let value): json.integer(value)
    case .double(let value):
      if value.isFinite { json.double(value) } else { json.null() }
    case .text(let text): json.string(text)
    case .blob(let bytes):
      let digits = Array("0123456789abcdef".utf8)
      var text: [UInt8] = []
      for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      json.string(String(decoding: text, as: UTF8.self))
    }
  }
}
