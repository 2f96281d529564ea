package import JSON

/// What the profiles of a snapshot's people say, and have said: for each attribute the changes of all
/// people, so that a question about one attribute reads one column. Values that are alike are kept once.
///
/// People are numbered as `PersonOrdinals` of everyone does. It is folded from the operations of all ids
/// of a person in the order of (cts, id): what came late, twice or was joined since stands where it
/// belongs.
package struct ProfileTable: Sendable {
  /// The most memory that a table may take.
  package static let maximumBytes = 256 << 20

  /// The changes of one attribute: person after person, and of each in the order of time.
  package struct Column: Sendable {
    package fileprivate(set) var people: [UInt32] = []
    /// From when on; the first millisecond in which it is so.
    package fileprivate(set) var froms: [Int64] = []
    /// The place of the value in `values`; 0 where the attribute is absent from then on.
    package fileprivate(set) var codes: [UInt32] = []

    /// The changes of a person.
    package func changes(of person: Int) -> Range<Int> {
      let first = first(notBefore: UInt32(person))
      return first..<self.first(notBefore: UInt32(person) + 1)
    }

    private func first(notBefore person: UInt32) -> Int {
      var low = 0
      var high = people.count
      while low < high {
        let middle = (low + high) / 2
        if people[middle] < person { low = middle + 1 } else { high = middle }
      }
      return low
    }

    /// The code of a person's value at a time; now where none is said.
    package func code(of person: Int, at time: Int64? = nil) -> UInt32 {
      let changes = changes(of: person)
      let last = changes.last { time == nil || froms[$0] <= time ?? 0 }
      return last.map { codes[$0] } ?? 0
    }
  }

  /// The names of the attributes, in the order of their columns.
  package private(set) var keys: [String] = []
  package private(set) var columns: [Column] = []
  /// By code; nothing stands at 0.
  package private(set) var values: [JSONValue] = [.null]
  /// Changes that would have made a profile larger than it may be.
  package private(set) var refused = 0

  /// By bytes: strings are equal however their letters are written.
  private var numbersOfKeys: [[UInt8]: Int] = [:]
  private var numbersOfValues: [[UInt8]: UInt32] = [:]
  private(set) var byteCount = 0

  package init() {}

  /// The changes of an attribute; nil where nobody ever had it.
  package func column(_ key: String) -> Column? {
    numbersOfKeys[Array(key.utf8)].map { columns[$0] }
  }

  package func value(_ code: UInt32) -> JSONValue? {
    // No ternary: a `nil` in one would be JSON's null, which is a value.
    if code == 0 { return nil }
    return values[Int(code)]
  }

  /// A person's attributes at a time; now where none is said.
  package func attributes(of person: Int, at time: Int64? = nil) -> JSONValue {
    var members: [JSONMember] = []
    for (key, column) in zip(keys, columns) {
      if let value = value(column.code(of: person, at: time)) {
        members.append(JSONMember(key, value))
      }
    }
    members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return .object(members)
  }

  // MARK: Folding

  /// Folds a person's operations, which come in their order, people in that of their numbers.
  mutating func fold(_ operations: some Sequence<(cts: Int64, ProfileOperation)>, of person: UInt32)
  {
    var attributes = ProfileAttributes()
    for (cts, operation) in operations {
      let before = attributes.members
      attributes.apply(operation)
      note(before, attributes.members, of: person, from: cts)
    }
    refused += attributes.refused
  }

  /// Both ascend by their keys.
  private mutating func note(
    _ before: [JSONMember], _ after: [JSONMember], of person: UInt32, from time: Int64
  ) {
    var (old, new) = (0, 0)
    while old < before.count || new < after.count {
      if old < before.count, new < after.count,
        before[old].key.utf8.elementsEqual(after[new].key.utf8)
      {
        if before[old].value != after[new].value { note(after[new], of: person, from: time) }
        (old, new) = (old + 1, new + 1)
      } else if old == before.count
        || new < after.count
          && after[new].key.utf8.lexicographicallyPrecedes(before[old].key.utf8)
      {
        note(after[new], of: person, from: time)
        new += 1
      } else {
        append(0, to: number(of: before[old].key), person, time)
        old += 1
      }
    }
  }

  private mutating func note(_ member: JSONMember, of person: UInt32, from time: Int64) {
    append(code(of: member.value), to: number(of: member.key), person, time)
  }

  private mutating func append(_ code: UInt32, to column: Int, _ person: UInt32, _ time: Int64) {
    if let last = columns[column].people.indices.last, columns[column].people[last] == person,
      columns[column].froms[last] == time
    {
      columns[column].codes[last] = code
      return
    }
    columns[column].people.append(person)
    columns[column].froms.append(time)
    columns[column].codes.append(code)
    byteCount += 16
  }

  private mutating func number(of key: String) -> Int {
    let bytes = Array(key.utf8)
    if let number = numbersOfKeys[bytes] { return number }
    numbersOfKeys[bytes] = keys.count
    keys.append(key)
    columns.append(Column())
    byteCount += 2 * bytes.count + 256
    return keys.count - 1
  }

  private mutating func code(of value: JSONValue) -> UInt32 {
    let bytes = value.bytes
    if let code = numbersOfValues[bytes] { return code }
    let code = UInt32(values.count)
    numbersOfValues[bytes] = code
    values.append(value)
    byteCount += 2 * bytes.count + 64
    return code
  }

  /// Once nothing is folded any more.
  mutating func finish() { numbersOfValues = [:] }
}
