package import Crypto
import Platform

// Ids from keys that are no UUIDv7. The same key makes the same id on every machine and in every
// version, so a client's retry meets itself:
//
//   time    the client's time as it was sent, before any correction; without one a millisecond of
//           1970-01-01 (the id is undated), taken from the hash
//   chance  74 bits of SHA-256 over a name for the rule and, each behind its varint length, the
//           project, the vocabulary of the key and the key

extension EventID {
  private static let millisecondsPerDay: UInt64 = 86_400_000

  /// The id of a client's own key. `dialect` says whose keys these are: two vendors' equal keys are
  /// two events.
  package init(
    key: Span<UInt8>, dialect: StaticString, project: ProjectID, milliseconds: Int64?
  ) {
    var input = ByteWriter(capacity: 160)
    input.append(text: "tributary event id 1")
    input.append(text: project.text)
    input.append(text: dialect.description)
    input.append(varint: UInt64(key.count))
    input.append(key)
    self.init(hashing: input.bytes, milliseconds: milliseconds)
  }

  /// The id of an event without a key in a request that has one.
  package init(
    idempotencyKey: IdempotencyKey, index: Int, part: Int = 0, project: ProjectID,
    milliseconds: Int64?
  ) {
    var input = ByteWriter(capacity: 160)
    input.append(text: "tributary request id 1")
    input.append(text: project.text)
    input.append(text: idempotencyKey.text)
    input.append(varint: UInt64(index))
    if part > 0 { input.append(varint: UInt64(part)) }
    self.init(hashing: input.bytes, milliseconds: milliseconds)
  }

  /// The id of a line that names none, in a file of events. The same line at the same place of the
  /// same file, which its first line stands for, is the same event: a file that is read again, from
  /// another folder or through a pipe or after it has grown, meets itself.
  package init(
    line: Span<UInt8>, at offset: Int, ofFileBeginningWith firstLine: Digest, project: ProjectID,
    milliseconds: Int64?
  ) {
    var input = ByteWriter(capacity: 128 + line.count)
    input.append(text: "tributary line id 1")
    input.append(text: project.text)
    input.append(firstLine.bytes)
    input.append(littleEndian: Int64(offset))
    input.append(varint: UInt64(line.count))
    input.append(line)
    self.init(hashing: input.bytes, milliseconds: milliseconds)
  }

  private init(hashing input: [UInt8], milliseconds: Int64?) {
    let words = sha256(input.span).words
    let undated = Int64(words.2 % Self.millisecondsPerDay)
    self.init(milliseconds: milliseconds ?? undated, chance: (words.0, words.1))
  }
}
