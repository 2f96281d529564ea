import Platform

/// How much may be taken at once. One event is always taken, whatever its size.
package struct BlockLimit: Equatable, Sendable {
  package var events: Int
  package var bytes: Int

  package init(events: Int, bytes: Int) {
    self.events = max(1, events)
    self.bytes = bytes
  }

  func allows(_ length: Int, behind block: EventBlock) -> Bool {
    block.isEmpty || (block.count < events && block.records.count + length <= bytes)
  }
}

extension ChunkHeader {
  /// Appends the events from number `start` on to `block`, as far as the limit goes, each checked.
  /// Returns how many, or nil where the chunk is damaged (then the block holds the good ones before).
  func read(
    _ payload: Span<UInt8>, from start: Int, into block: inout EventBlock, limit: BlockLimit
  ) -> Int? {
    var place = frames.lowerBound
    var taken = 0
    for number in 0..<count {
      guard let frame = frame(at: place, in: payload) else { return nil }
      place = frame.upperBound
      if number < start { continue }
      guard limit.allows(frame.count, behind: block) else { return taken }
      guard isIntact(frame, in: payload) else { return nil }
      block.append(payload.extracting(frame))
      taken += 1
    }
    return place == frames.upperBound ? taken : nil
  }

  /// Finds every event whose check holds, by the index where that is intact, else by the frames'
  /// own lengths: nil stands where an event was.
  func salvage(_ payload: Span<UInt8>) -> [Range<Int>?] {
    var found: [Range<Int>?] = []
    found.reserveCapacity(count)
    let lengths = intactLengths(payload)
    var place: Int? = frames.lowerBound
    for number in 0..<count {
      guard let start = place else {
        found.append(nil)
        continue
      }
      if let lengths {
        let frame = (start + Self.frameOverhead)..<(start + Self.frameOverhead + lengths[number])
        found.append(isIntact(frame, in: payload) ? frame : nil)
        place = frame.upperBound
      } else {
        let frame = frame(at: start, in: payload)
        found.append(frame.flatMap { isIntact($0, in: payload) ? $0 : nil })
        place = frame?.upperBound
      }
    }
    return found
  }

  /// The lengths of the index, if its check holds and they fill the frames exactly.
  private func intactLengths(_ payload: Span<UInt8>) -> [Int]? {
    let table = index.lowerBound..<(index.upperBound - 4)
    guard crc32c(payload.extracting(table)) == word(at: table.upperBound, in: payload) else {
      return nil
    }
    let lengths = (0..<count).map { Int(word(at: table.lowerBound + 4 * $0, in: payload)) }
    guard lengths.reduce(0, { $0 + $1 + Self.frameOverhead }) == frames.count else { return nil }
    return lengths
  }

  /// The record of the frame at this place, if it lies inside the frames.
  private func frame(at place: Int, in payload: Span<UInt8>) -> Range<Int>? {
    guard place + Self.frameOverhead <= frames.upperBound else { return nil }
    let start = place + Self.frameOverhead
    let length = Int(word(at: place + 4, in: payload))
    return length <= frames.upperBound - start ? start..<(start + length) : nil
  }

  private func isIntact(_ frame: Range<Int>, in payload: Span<UInt8>) -> Bool {
    let length = frame.lowerBound - 4
    guard word(at: length, in: payload) == UInt32(frame.count) else { return false }
    return crc32c(payload.extracting(length..<frame.upperBound))
      == word(at: length - 4, in: payload)
  }

  private func word(at place: Int, in payload: Span<UInt8>) -> UInt32 {
    UInt32(payload[place]) | UInt32(payload[place + 1]) << 8 | UInt32(payload[place + 2]) << 16
      | UInt32(payload[place + 3]) << 24
  }
}
