package import Query

// Which cohorts a person is in and when they came back, as bits:
//
//   members[w]      one bit for each interval: the person is in its cohort
//   returned[w]     calendar: one bit for each interval in which they came back often enough
//   births[n]       rolling: when they became a member of each cohort
//   columns[n][w]   rolling: for each cohort, one bit for each of the person's own intervals
//   open[n], seen[n]  the interval that is being counted, for each cohort or (first place) for all, and
//                     how often the person came back in it so far

/// Retention of one person after the other, fed in the order of time.
@safe package struct RetentionMatcher: ~Copyable {
  private let count: Int
  private let words: Int
  private let isOnce: Bool
  private let looksBack: Bool
  private let isRolling: Bool
  private let isOnOrAfter: Bool
  private let rollingMilliseconds: Int64
  private let minimum: Int
  private let members: UnsafeMutablePointer<UInt64>
  private let returned: UnsafeMutablePointer<UInt64>
  private let births: UnsafeMutablePointer<Int64>
  private let columns: UnsafeMutablePointer<UInt64>
  private let open: UnsafeMutablePointer<Int>
  private let seen: UnsafeMutablePointer<Int>
  private var wasMember = false
  private var highestMember = -1

  /// `intervals` is how many the range has.
  package init(_ retention: RetentionQuestion, intervals: Int) {
    count = intervals
    words = (intervals + 63) / 64
    isOnce = retention.cohorts != .recurring
    looksBack = retention.cohorts == .firstTime
    isRolling = retention.alignment == .rolling
    isOnOrAfter = retention.returns == .onOrAfter
    rollingMilliseconds = retention.rollingMilliseconds
    minimum = retention.minimumOccurrences
    unsafe members = .allocate(capacity: words)
    unsafe returned = .allocate(capacity: words)
    unsafe births = .allocate(capacity: count)
    unsafe columns = .allocate(capacity: isRolling ? count * words : 1)
    unsafe open = .allocate(capacity: count + 1)
    unsafe seen = .allocate(capacity: count + 1)
    unsafe columns.initialize(repeating: 0, count: isRolling ? count * words : 1)
    unsafe births.initialize(repeating: 0, count: count)
    begin()
  }

  deinit {
    unsafe members.deallocate()
    unsafe returned.deallocate()
    unsafe births.deallocate()
    unsafe columns.deallocate()
    unsafe open.deallocate()
    unsafe seen.deallocate()
  }

  package mutating func begin() {
    unsafe members.initialize(repeating: 0, count: words)  // SAFETY: as many as were allocated.
    unsafe returned.initialize(repeating: 0, count: words)
    unsafe open.initialize(repeating: -1, count: count + 1)
    unsafe seen.initialize(repeating: 0, count: count + 1)
    if isRolling && highestMember >= 0 {
      unsafe columns.initialize(repeating: 0, count: (highestMember + 1) * words)
    }
    wasMember = false
    highestMember = -1
  }

  /// The person's next event. `interval` is negative before the range, where only events that start
  /// matter and only to first times, and that behind the last one where the range has ended, where only
  /// returns in rolling intervals matter. True where the event made the person a member of its cohort.
  @inline(__always)
  package mutating func add(time: Int64, interval: Int, starts: Bool, returns: Bool) -> Bool {
    var isNew = false
    if starts && !(isOnce && wasMember) && (interval >= 0 || looksBack) {
      wasMember = true
      if interval >= 0 { isNew = join(interval, at: time) }
    }
    if returns && interval >= 0 {
      if isRolling {
        comeBack(at: time)
      } else if interval < count {
        // SAFETY: bits of intervals below `count`; the first place of `open` and `seen` is for all.
        unsafe Self.count(interval, in: returned, &open[0], &seen[0], minimum)
      }
    }
    return isNew
  }

  private mutating func join(_ interval: Int, at time: Int64) -> Bool {
    guard interval < count else { return false }
    let bit: UInt64 = 1 << UInt64(interval & 63)
    // SAFETY: the interval is below `count`, and so are its word and its birth.
    guard unsafe members[interval >> 6] & bit == 0 else { return false }
    unsafe members[interval >> 6] |= bit
    unsafe births[interval] = time
    highestMember = max(highestMember, interval)
    return true
  }

  private func comeBack(at time: Int64) {
    var cohort = 0
    while cohort <= highestMember {
      // SAFETY: cohorts are below `count`; the columns of one are `words` words.
      if unsafe members[cohort >> 6] & (1 << UInt64(cohort & 63)) != 0 {
        // In unsigned numbers a time before the birth, as damage may have it, is far behind.
        let age = unsafe UInt64(bitPattern: time &- births[cohort])
        let column = Int(truncatingIfNeeded: age / UInt64(rollingMilliseconds))
        if column < count &- cohort {
          unsafe Self.count(
            column, in: columns + cohort * words, &open[cohort + 1], &seen[cohort + 1], minimum)
        }
      }
      cohort &+= 1
    }
  }

  /// Times never fall, so neither do intervals: only the last one is still being counted.
  @inline(__always)
  private static func count(
    _ interval: Int, in bits: UnsafeMutablePointer<UInt64>, _ open: inout Int, _ seen: inout Int,
    _ minimum: Int
  ) {
    if open != interval {
      open = interval
      seen = 0
    }
    seen &+= 1
    // SAFETY: the caller lends bits for all of its intervals.
    if seen >= minimum { unsafe bits[interval >> 6] |= 1 << UInt64(interval & 63) }
  }

  /// Each cohort that the person is in with each column in which they count, column 0 first.
  package func finish(_ body: (_ cohort: Int, _ column: Int) -> Void) {
    var cohort = 0
    while cohort <= highestMember {
      // SAFETY: as in `comeBack`.
      if unsafe members[cohort >> 6] & (1 << UInt64(cohort & 63)) != 0 {
        body(cohort, 0)
        if isOnOrAfter { everyColumn(upToLastOf: cohort, body) } else { columns(of: cohort, body) }
      }
      cohort &+= 1
    }
  }

  private func columns(of cohort: Int, _ body: (Int, Int) -> Void) {
    let bits = unsafe isRolling ? columns + cohort * words : returned
    let shift = isRolling ? 0 : cohort
    var word = (shift + 1) >> 6
    var mask: UInt64 = .max << UInt64((shift + 1) & 63)
    while word < words {
      var rest = unsafe bits[word] & mask  // SAFETY: `word` is below `words`.
      while rest != 0 {
        body(cohort, word * 64 + rest.trailingZeroBitCount - shift)
        rest &= rest &- 1
      }
      mask = .max
      word &+= 1
    }
  }

  private func everyColumn(upToLastOf cohort: Int, _ body: (Int, Int) -> Void) {
    var last = 0
    columns(of: cohort) { _, column in last = column }
    var column = 1
    while column <= last {
      body(cohort, column)
      column &+= 1
    }
  }
}
