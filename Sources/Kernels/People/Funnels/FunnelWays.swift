import Query

/// The matchers of one person, one for each value that the person has; what was made for one serves the
/// next.
@safe struct FunnelWays: ~Copyable {
  private struct Way: ~Copyable {
    var matcher: PlainFunnelMatcher
    /// Where it is counted.
    var tally = 0
  }

  /// Beyond so many they are not kept for the next person.
  private static var mostKept: Int { 1_024 }

  private let plan: FunnelPlan
  /// SAFETY: of `capacity`, the first `made` are initialized; `count` of them are the person's.
  private var ways: UnsafeMutablePointer<Way>
  private var capacity = 4
  private var made = 0
  private(set) var count = 0

  init(_ plan: FunnelPlan) {
    self.plan = plan
    unsafe ways = .allocate(capacity: capacity)
  }

  deinit {
    unsafe ways.deinitialize(count: made)
    unsafe ways.deallocate()
  }

  var byteCount: Int {
    capacity * MemoryLayout<Way>.stride + made * PlainFunnelMatcher.byteCount(plan)
  }

  /// A way that is counted there, and its number.
  @inline(__always)
  mutating func make(for tally: Int) -> Int {
    if count == made { makeAnother() }
    unsafe ways[count].matcher.begin()
    unsafe ways[count].tally = tally
    count &+= 1
    return count &- 1
  }

  private mutating func makeAnother() {
    if made == capacity {
      capacity *= 2
      let more = UnsafeMutablePointer<Way>.allocate(capacity: capacity)
      unsafe more.moveInitialize(from: ways, count: made)
      unsafe ways.deallocate()
      unsafe ways = more
    }
    unsafe (ways + made).initialize(to: Way(matcher: PlainFunnelMatcher(plan)))
    made += 1
  }

  // SAFETY, for these: callers name ways below `count`, and that is checked.
  @inline(__always)
  private subscript(way: Int) -> UnsafeMutablePointer<Way> {
    precondition(way >= 0 && way < count, "no way \(way)")
    return unsafe ways + way
  }

  @inline(__always)
  func tally(of way: Int) -> Int { unsafe self[way].pointee.tally }

  @inline(__always)
  func scan(_ way: Int, _ stretch: borrowing Stretch, _ rows: Range<Int>, depth: Int) {
    // SAFETY: the stretch has these rows.
    _ = unsafe self[way].pointee.matcher.scan(
      stretch.times + rows.lowerBound, stretch.marks + rows.lowerBound, count: rows.count,
      depth: depth)
  }

  @inline(__always)
  func finish(_ way: Int) -> FunnelOutcome { unsafe self[way].pointee.matcher.finish() }

  func time(of way: Int, step: Int) -> Int64 {
    unsafe self[way].pointee.matcher.time(ofStep: step)
  }

  @inline(__always)
  mutating func removeAll() {
    if made > Self.mostKept { removeMany() }
    count = 0
  }

  private mutating func removeMany() {
    unsafe (ways + Self.mostKept).deinitialize(count: made - Self.mostKept)
    made = Self.mostKept
  }
}
