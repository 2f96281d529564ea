import Query

/// What of a funnel decides which ways its subjects may take.
struct FunnelShape: Sendable {
  let plan: FunnelPlan
  /// Events of a chain share the value of the breakdown.
  let isSplit: Bool
  let isHeld: Bool
}

/// What all subjects of a thread take.
final class FunnelRoom {
  var bytes = 0
}

/// One subject of a funnel, a person or one of their sessions, and the ways that it may take. They lie
/// in memory of their own, for they are asked at every event; what was made for one subject serves the
/// next.
@safe final class FunnelSubject<Matcher: FunnelMatching & ~Copyable> {
  typealias Try = FunnelTry<Matcher>

  /// Beyond so many ways they are found by their values.
  private static var few: Int { 8 }
  /// Beyond so many they are not kept for the next subject.
  private static var many: Int { 1_024 }

  private let shape: FunnelShape
  /// SAFETY: the first `made` are initialized, of which the first `count` are the subject's.
  private var tries: UnsafeMutablePointer<Try>
  private var capacity = 4
  private var made = 0
  private(set) var count = 0
  private var last = -1
  private var places: [UInt64: Int] = [:]
  /// The values of the breakdown that the subject's events have, where ways are split by them.
  private(set) var groups: [UInt32] = []
  private var knownGroups: Set<UInt32> = []
  private(set) var isEmpty = true
  private var ordinal = 0
  private let room: FunnelRoom

  init(_ shape: FunnelShape, in room: FunnelRoom) {
    self.shape = shape
    self.room = room
    unsafe tries = .allocate(capacity: 4)
    room.bytes += byteCount
  }

  deinit {
    room.bytes -= byteCount
    unsafe tries.deinitialize(count: made)
    unsafe tries.deallocate()
  }

  /// About what it takes, its ways included.
  private var byteCount: Int {
    128 + capacity * MemoryLayout<Try>.stride + made * (64 + Matcher.byteCount(shape.plan))
  }

  func begin() {
    // To clear large tables takes as long for everybody who comes after.
    let keeps = count <= Self.many
    if !places.isEmpty { places.removeAll(keepingCapacity: keeps) }
    if !groups.isEmpty {
      groups.removeAll(keepingCapacity: keeps)
      knownGroups.removeAll(keepingCapacity: keeps)
    }
    if !keeps { free() }
    count = 0
    last = -1
    isEmpty = true
    ordinal = 0
  }

  func group(of place: Int) -> UInt32 { unsafe self[place].pointee.group }
  func outcome(of place: Int) -> FunnelOutcome { unsafe self[place].pointee.outcome }
  func firstTouch(of place: Int) -> UInt32 { unsafe self[place].pointee.firstTouch }
  func lastTouch(of place: Int) -> UInt32 { unsafe self[place].pointee.lastTouch }
  func time(of place: Int, step: Int) -> Int64 {
    unsafe self[place].pointee.matcher.time(ofStep: step)
  }
  func ordinal(of place: Int, step: Int) -> Int {
    unsafe self[place].pointee.matcher.ordinal(ofStep: step)
  }

  private subscript(place: Int) -> UnsafeMutablePointer<Try> {
    precondition(place >= 0 && place < count, "no way \(place)")
    return unsafe tries + place
  }

  /// An event of the scope; of step, exclusion or neither.
  @inline(__always)
  func add(time: Int64, steps: UInt32, exclusions: UInt32, group: UInt32, held: UInt32) {
    isEmpty = false
    ordinal &+= 1
    // The event's group rides with its ordinal, for whoever asks for that of a step.
    let place = ordinal << 32 | Int(group)
    if !shape.isSplit && !shape.isHeld {
      if count == 0 { make(0, 0) }
      // SAFETY: there is one now.
      return unsafe tries.pointee.feed(time, steps, exclusions, place, group)
    }
    add(time, steps, exclusions, group, held, place)
  }

  private func add(
    _ time: Int64, _ steps: UInt32, _ exclusions: UInt32, _ group: UInt32, _ held: UInt32,
    _ place: Int
  ) {
    let own = shape.isSplit ? group : 0
    var found = -1
    if !shape.isHeld || held != ValueNumbers.none { found = self.attempt(own, held) }
    if shape.isSplit, groups.last != own, knownGroups.insert(own).inserted { groups.append(own) }
    if found >= 0 { unsafe tries[found].feed(time, steps, exclusions, place, group) }
    let isStrict = shape.plan.order == .strict
    guard isStrict || (shape.isHeld && held == ValueNumbers.none && exclusions != 0) else { return }
    // What comes between is in the way of others, too, and an exclusion that holds nothing ends all.
    for other in 0..<count where other != found {
      let excludes =
        shape.isHeld && held == ValueNumbers.none
        && (unsafe !shape.isSplit || tries[other].group == own)
      unsafe tries[other].matcher.add(
        time: time, steps: 0, exclusions: excludes ? exclusions : 0, ordinal: place)
    }
  }

  @inline(__always)
  private func isOf(_ place: Int, _ group: UInt32, _ held: UInt32) -> Bool {
    unsafe tries[place].group == group && tries[place].held == held
  }

  private func attempt(_ group: UInt32, _ held: UInt32) -> Int {
    if last >= 0, isOf(last, group, held) { return last }
    last = known(group, held) ?? make(group, held)
    return last
  }

  private func known(_ group: UInt32, _ held: UInt32) -> Int? {
    if count <= Self.few { return (0..<count).first { isOf($0, group, held) } }
    return places[UInt64(group) << 32 | UInt64(held)]
  }

  @discardableResult
  private func make(_ group: UInt32, _ held: UInt32) -> Int {
    if count == made {
      if made == capacity { grow() }
      unsafe (tries + made).initialize(to: Try(shape.plan))
      room.bytes -= byteCount
      made += 1
      room.bytes += byteCount
    }
    unsafe tries[count].begin(group, held)
    if shape.isSplit || shape.isHeld { places[UInt64(group) << 32 | UInt64(held)] = count }
    count += 1
    return count - 1
  }

  private func free() {
    room.bytes -= byteCount
    unsafe (tries + Self.few).deinitialize(count: made - Self.few)
    made = Self.few
    room.bytes += byteCount
  }

  private func grow() {
    room.bytes -= byteCount
    defer { room.bytes += byteCount }
    capacity *= 2
    let more = UnsafeMutablePointer<Try>.allocate(capacity: capacity)
    unsafe more.moveInitialize(from: tries, count: made)
    unsafe tries.deallocate()
    unsafe tries = more
  }

  func finish() {
    for place in 0..<count { unsafe tries[place].outcome = tries[place].matcher.finish() }
  }
}
