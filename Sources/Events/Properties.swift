// The canonical encoding of a JSON value, as records, batches and conflict hashes have it:
//
//   tag 0 null | 1 false | 2 true
//   tag 3 integer: zigzag varint
//   tag 4 double: 8 bytes, the bit pattern little-endian; finite
//   tag 5 string: varint byte count, UTF-8
//   tag 6 array: UInt32 little-endian count of the bytes that follow, the values
//   tag 7 object: UInt32 little-endian count of the bytes that follow, then for each member a varint
//         byte count, the key in UTF-8, the value; keys ascend by their bytes, so none appears twice
//
// Varints are as short as they can be, so one value has one encoding. `props` and `ctx` of an event
// are objects.

/// What there is to say about a property's encoding without reading it.
package enum Properties {
  package enum Tag: UInt8, Sendable {
    case null = 0, `false` = 1, `true` = 2, integer = 3, double = 4, string = 5, array = 6, object =
      7
  }

  /// The encoding of `{}`.
  package static let empty: [UInt8] = [Tag.object.rawValue, 0, 0, 0, 0]

  package enum Problem: Error, Equatable, Sendable {
    case truncated(at: Int), tag(UInt8, at: Int), text(at: Int), keyOrder(at: Int)
    case number(at: Int), length(at: Int), notAnObject(at: Int), tooDeep(at: Int), tooMany(at: Int)
  }
}
