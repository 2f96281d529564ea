// Bringing the members of one object into the order of their keys.

extension PropertiesBuilder {
  /// Sorts the members from `first` on, refuses a key that was given twice, and drops a fallback
  /// whose key was given.
  mutating func order(from first: Int) throws(EventProblem) {
    let count = members.count
    guard count - first > 1 else { return }
    if !isOrdered(from: first) {
      // Objects are small as a rule, and sorted within themselves in parts.
      if count - first <= 24 {
        sortByInsertion(from: first)
      } else {
        let content = content
        members[first...].sort { content.precedes($0, $1) }
      }
    }
    var kept = first
    for index in (first + 1)..<count {
      let member = members[index]
      if isSameKey(members[kept], member) {
        guard members[kept].origin != member.origin else { throw duplicate(member) }
        continue  // The one before it was given, for `given` sorts first.
      }
      kept += 1
      if kept != index { members[kept] = member }
    }
    members.removeLast(count - kept - 1)
  }

  /// Brings the bytes of the members from `first` on, which are the last of `content` from `start`
  /// on, into the members' order, without those that `order` dropped.
  mutating func rewrite(from first: Int, at start: Int) {
    var expected = start
    for index in first..<members.count {
      guard Int(members[index].start) == expected else { break }
      expected = Int(members[index].end)
    }
    if expected == content.count { return }
    ordered.truncate(to: 0)
    for index in first..<members.count {
      let member = members[index]
      ordered.append(copying: Int(member.start)..<Int(member.end), of: content)
    }
    content.replace(at: start, with: ordered)
    content.truncate(to: start + ordered.count)
  }

  private func isOrdered(from first: Int) -> Bool {
    for index in (first + 1)..<members.count
    where !content.precedes(members[index &- 1], members[index]) {
      return false
    }
    return true
  }

  private mutating func sortByInsertion(from first: Int) {
    for index in (first + 1)..<members.count {
      let member = members[index]
      var hole = index
      while hole > first, content.precedes(member, members[hole &- 1]) {
        members[hole] = members[hole &- 1]
        hole &-= 1
      }
      members[hole] = member
    }
  }

  @inline(__always)
  private func isSameKey(_ left: Member, _ right: Member) -> Bool {
    guard left.prefix == right.prefix, left.keyCount == right.keyCount else { return false }
    return left.keyCount <= 8 || !content.keyPrecedes(left, right)
  }

  private func duplicate(_ member: Member) -> EventProblem {
    let range = Int(member.keyStart)..<Int(member.keyStart + member.keyCount)
    return .duplicateKey(String(decoding: content.storage[range], as: UTF8.self))
  }
}

extension ScratchBytes {
  /// The order of members: by key, and a given one before a fallback of the same key.
  @inline(__always)
  fileprivate func precedes(
    _ left: PropertiesBuilder.Member, _ right: PropertiesBuilder.Member
  ) -> Bool {
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    if keyPrecedes(left, right) { return true }
    if keyPrecedes(right, left) { return false }
    return left.origin.rawValue < right.origin.rawValue
  }

  fileprivate func keyPrecedes(
    _ left: PropertiesBuilder.Member, _ right: PropertiesBuilder.Member
  ) -> Bool {
    let bytes = storage.span
    let leftKey = bytes.extracting(Int(left.keyStart)..<Int(left.keyStart &+ left.keyCount))
    let rightKey = bytes.extracting(Int(right.keyStart)..<Int(right.keyStart &+ right.keyCount))
    return leftKey.precedes(rightKey)
  }
}
