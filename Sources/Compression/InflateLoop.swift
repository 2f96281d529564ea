/// The loop that most bytes go through: it runs while a margin of input and of room is left, so that
/// nothing inside needs to look at either.
enum InflateLoop {
  enum End { case margin, endOfBlock, symbol, farDistance }

  /// A round takes at most two words of eight bytes.
  static let inputMargin = 16

  /// Decodes into `window` from `next` on until `next` reaches `limit`, the input its margin, or the
  /// block its end. The tables are of 10 and 8 bits.
  static func run(
    _ input: Span<UInt8>, _ position: inout Int, _ buffer: inout BitBuffer,
    _ window: UnsafeMutablePointer<UInt8>, _ next: inout Int, limit: Int,
    _ literals: UnsafePointer<UInt32>, _ distances: UnsafePointer<UInt32>
  ) -> End {
    // SAFETY: the pointers are used inside the closure alone.
    unsafe input.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return .margin }
      return unsafe run(
        base, bytes.count, &position, &buffer, window, &next, limit, literals, distances)
    }
  }

  // SAFETY, for all pointers below: eight bytes are loaded only where 16 are left at the start of a
  // round and one refill of at most 7 lies between. A round starts with `out` below the limit and
  // writes at most two literals and a match of 258 with 7 bytes too many, which is less than the
  // slack. Table indexes have as many bits as the tables, links stay inside (see `HuffmanTable`). A
  // distance is no more than `out`, so a match begins inside the window.
  private static func run(
    _ base: UnsafeRawPointer, _ count: Int, _ position: inout Int, _ buffer: inout BitBuffer,
    _ window: UnsafeMutablePointer<UInt8>, _ next: inout Int, _ limit: Int,
    _ literals: UnsafePointer<UInt32>, _ distances: UnsafePointer<UInt32>
  ) -> End {
    var bits = buffer.bits
    var held = UInt64(truncatingIfNeeded: buffer.count)
    var at = position
    var out = next
    let last = count &- inputMargin
    var end = End.margin

    /// At least 56 bits. The bits above `held` are those of the bytes at `at`, again and again.
    @inline(__always)
    func refill() {
      let word = unsafe base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      bits |= UInt64(littleEndian: word) &<< held
      at &+= Int(truncatingIfNeeded: (63 &- held) &>> 3)
      held |= 56
    }
    @inline(__always)
    func drop(_ width: UInt64) {
      bits &>>= width
      held &-= width
    }

    while at <= last && out < limit {
      refill()
      var entry = unsafe literals[Int(truncatingIfNeeded: bits & 1023)]
      if entry & HuffmanEntry.literal != 0 {
        drop(UInt64(entry & 0xFF))
        unsafe window[out] = UInt8(truncatingIfNeeded: entry &>> 16)
        out &+= 1
        entry = unsafe literals[Int(truncatingIfNeeded: bits & 1023)]
        if entry & HuffmanEntry.literal != 0 {
          drop(UInt64(entry & 0xFF))
          unsafe window[out] = UInt8(truncatingIfNeeded: entry &>> 16)
          out &+= 1
          entry = unsafe literals[Int(truncatingIfNeeded: bits & 1023)]
          if entry & HuffmanEntry.literal != 0 {
            drop(UInt64(entry & 0xFF))
            unsafe window[out] = UInt8(truncatingIfNeeded: entry &>> 16)
            out &+= 1
            continue
          }
        }
        refill()
      }
      if entry & HuffmanEntry.special != 0 {
        if entry & HuffmanEntry.link != 0 {
          let index = (bits &>> 10) & (1 &<< UInt64(entry &>> 8 & 15) &- 1)
          entry = unsafe literals[Int(truncatingIfNeeded: UInt64(entry &>> 16) &+ index)]
          if entry & HuffmanEntry.literal != 0 {
            drop(UInt64(entry & 0xFF))
            unsafe window[out] = UInt8(truncatingIfNeeded: entry &>> 16)
            out &+= 1
            continue
          }
        }
        if entry & HuffmanEntry.endOfBlock != 0 {
          drop(UInt64(entry & 0xFF))
          end = .endOfBlock
          break
        }
        if entry & HuffmanEntry.special != 0 {
          end = .symbol
          break
        }
      }
      drop(UInt64(entry & 0xFF))
      var extra = UInt64(entry &>> 8 & 15)
      let length = Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits & (1 &<< extra &- 1))
      drop(extra)

      entry = unsafe distances[Int(truncatingIfNeeded: bits & 255)]
      if entry & HuffmanEntry.link != 0 {
        let index = (bits &>> 8) & (1 &<< UInt64(entry &>> 8 & 15) &- 1)
        entry = unsafe distances[Int(truncatingIfNeeded: UInt64(entry &>> 16) &+ index)]
      }
      if entry & HuffmanEntry.special != 0 {
        end = .symbol
        break
      }
      drop(UInt64(entry & 0xFF))
      extra = UInt64(entry &>> 8 & 15)
      let distance = Int(entry &>> 16) &+ Int(truncatingIfNeeded: bits & (1 &<< extra &- 1))
      drop(extra)
      guard distance <= out else {
        end = .farDistance
        break
      }
      unsafe copy(window + out, distance, length)
      out &+= length
    }
    // What `refill` left above the bits that count would be there twice.
    buffer.bits = bits & (1 &<< held &- 1)
    buffer.count = Int(truncatingIfNeeded: held)
    position = at
    next = out
    return end
  }

  /// Repeats what lies `distance` back. Writes up to seven bytes more than `length`.
  @inline(__always)
  private static func copy(
    _ target: UnsafeMutablePointer<UInt8>, _ distance: Int, _ length: Int
  ) {
    let to = UnsafeMutableRawPointer(target)
    let from = unsafe UnsafeRawPointer(target) - distance
    if distance >= 8 {
      var offset = 0
      repeat {
        let word = unsafe from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        unsafe to.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        offset &+= 8
      } while offset < length
    } else if distance == 1 {
      unsafe target.update(repeating: target[-1], count: length)
    } else {
      var offset = 0
      while offset < length {
        unsafe target[offset] = unsafe target[offset &- distance]
        offset &+= 1
      }
    }
  }
}
