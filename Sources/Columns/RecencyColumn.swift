// The same codes as ranks: how many other entries were used since this one was.
//
//   bytes     0 = the next entry that was not used yet; 1 … 254 = the entry at this place in the
//             list of the latest ones, 1 being the last; 255 = an entry further back
//   varints   for each 255, the code itself

/// Codes of something that comes in bursts, as people do: a few visitors are active at a time, so
/// ranks are small where codes are not (5 bits an event instead of 7).
package enum RecencyColumn {
  static let window = 254
  static let escape: UInt8 = 255

  package static func encode(_ codes: [UInt32], into writer: inout ColumnWriter) {
    var latest: [UInt32] = []
    latest.reserveCapacity(window + 1)
    var used: UInt32 = 0
    var escaped: [UInt32] = []
    writer.codes.reserveCapacity(writer.codes.count + codes.count)
    for code in codes {
      if code == used {
        used += 1
        writer.codes.append(0)
        moveToFront(code, from: latest.count, &latest)
      } else if let place = place(of: code, in: latest.span) {
        writer.codes.append(UInt8(place + 1))
        moveToFront(code, from: place, &latest)
      } else {
        writer.codes.append(escape)
        escaped.append(code)
        moveToFront(code, from: latest.count, &latest)
      }
    }
    for code in escaped { writer.append(varint: UInt64(code)) }
  }

  package static func decode(
    _ count: Int, entries: Int, from reader: inout ColumnReader, _ bytes: Span<UInt8>
  ) throws(ColumnProblem) -> [UInt32] {
    let start = reader.codes.position
    let ranks = try reader.codes.take(count)
    var latest: [UInt32] = []
    latest.reserveCapacity(window + 1)
    var used: UInt32 = 0
    var codes: [UInt32] = []
    codes.reserveCapacity(count)
    for index in ranks {
      let rank = Int(bytes[index])
      var code = used
      if rank == 0 {
        used += 1
        moveToFront(code, from: latest.count, &latest)
      } else if rank <= latest.count {
        code = latest[rank - 1]
        moveToFront(code, from: rank - 1, &latest)
      } else {
        guard rank == Int(escape) else { throw .badCode(at: index) }
        code = UInt32(truncatingIfNeeded: try reader.varint(bytes, atMost: UInt64(UInt32.max)))
        guard code < used else { throw .badCode(at: index) }
        moveToFront(code, from: latest.count, &latest)
      }
      codes.append(code)
    }
    guard used == UInt32(entries) else { throw .badCode(at: start) }
    return codes
  }

  @inline(__always)
  private static func place(of code: UInt32, in latest: Span<UInt32>) -> Int? {
    var place = 0
    while place < latest.count {
      if latest[place] == code { return place }
      place &+= 1
    }
    return nil
  }

  /// Puts `code` first; what stood before `place` moves up by one. A place at the end is a new one,
  /// and where the list is full its last entry goes.
  @inline(__always)
  private static func moveToFront(_ code: UInt32, from place: Int, _ latest: inout [UInt32]) {
    var place = place
    if place == latest.count {
      if place == window { place = window - 1 } else { latest.append(code) }
    }
    var list = latest.mutableSpan
    while place > 0 {
      list[place] = list[place &- 1]
      place &-= 1
    }
    list[0] = code
  }
}
