import Calendar
import JSON
import Query

// The few shapes that all answers are made of.
extension JSONWriter {
  mutating func member(_ key: String, _ text: String) {
    self.key(key)
    string(text)
  }

  mutating func member(_ key: String, _ number: some BinaryInteger) {
    self.key(key)
    integer(number)
  }

  /// Null where there is none.
  mutating func member(_ key: String, _ number: Double?) {
    self.key(key)
    if let number { double(number) } else { null() }
  }

  mutating func member(_ key: String, _ value: Value) {
    self.key(key)
    self.value(value)
  }

  mutating func value(_ value: Value) {
    switch value {
    case .null: null()
    case .bool(let flag): bool(flag)
    case .integer(let number): integer(number)
    case .double(let number): double(number)
    case .string(let text): string(text)
    }
  }

  mutating func list<Element, Problem: Error>(
    _ key: String, _ elements: [Element],
    _ write: (Element, inout JSONWriter) throws(Problem) -> Void
  ) throws(Problem) {
    self.key(key)
    beginArray()
    for element in elements { try write(element, &self) }
    endArray()
  }

  mutating func list(_ key: String, _ numbers: [Int]) {
    self.key(key)
    array(numbers)
  }

  mutating func array(_ numbers: [Int]) {
    beginArray()
    for number in numbers { integer(number) }
    endArray()
  }

  mutating func values(_ key: String, _ values: [Value]) {
    self.key(key)
    beginArray()
    for value in values { self.value(value) }
    endArray()
  }

  /// Whose row it is: `"all"`, `"other"`, or a value for each path of the breakdown, where null is
  /// None.
  mutating func group(_ group: Group) {
    switch group {
    case .whole: member("group", "all")
    case .other: member("group", "other")
    case .values(let values): self.values("group", values)
    }
  }

  mutating func times(_ key: String, _ times: [Instant], in zone: Zone) {
    self.key(key)
    beginArray()
    for time in times { string(zone.rfc3339(time)) }
    endArray()
  }
}
