import Events
import Sections

/// Who is whom in one project, as all its operations together say: what stands does not depend on the
/// order in which they came.
///
/// Profiles that an alias ties are one person, whatever chain leads from one to the other. A device or
/// a visitor is one profile's: that of the first tie in the order of events, for a device that two
/// people use must not make them one. A tie is between an id and a profile; it stands unless it was
/// undone, and after that only an alias that is later than the undoing brings it back. Of a person's
/// profiles the one with the least hash stands for all: that is the same one however the person grew.
struct JoinGraph {
  struct Operation {
    let kind: JoinOperation.Kind
    let fromKind: PersonKind
    let from: PersonHash
    let profile: PersonHash
    let position: JoinPosition
  }

  struct Limits {
    /// Ids that are one person. Beyond it nobody is joined with that person any more.
    var ids = 10_000
    /// Profiles that one id was tied to, ties that were undone or came second among them.
    var ties = 64
  }

  /// What an operation comes to.
  enum Verdict: Equatable {
    /// It says nothing that was not known.
    case known
    case changes
    /// The person has as many ids as may be.
    case tooManyIDs
    /// The id has been tied to as many profiles as may be.
    case tooManyTies
  }

  struct Member {
    let person: PersonHash
    let kind: PersonKind
    /// How many ids are one person, where this one stands for them.
    var size: UInt32 = 1
    /// Who stands for this one.
    var root: UInt32
    /// The others of the person, in a ring.
    var next: UInt32
    var previous: UInt32
    var firstTie = Self.none
    var ties: UInt32 = 0

    static let none = UInt32.max
  }

  struct Tie {
    let profile: UInt32
    let next: UInt32
    /// The first operation that made it.
    var first: JoinPosition?
    /// Whether that was an alias, and the only one.
    var isOneAlias = false
  }

  let limits: Limits
  /// What questions see; while the graph is loaded, nothing.
  private(set) var joined = JoinedPeople()
  private var isLoading: Bool
  private var index = MemberIndex()
  private(set) var members: [Member] = []
  private(set) var ties: [Tie] = []
  /// The last alias of a tie, for ties that have several operations.
  private var aliases: [UInt32: JoinPosition] = [:]
  private var undone: [UInt32: JoinPosition] = [:]

  /// `isLoading`: nobody asks who is whom until it `isLoaded`.
  init(limits: Limits = Limits(), isLoading: Bool = false) {
    self.limits = limits
    self.isLoading = isLoading
  }

  /// Makes what questions see from everything at once.
  mutating func isLoaded() {
    isLoading = false
    let members = members
    joined = JoinedPeople { say in
      for (number, member) in members.enumerated() where member.root != number {
        say(member.person, members[Int(member.root)].person)
      }
    }
  }

  var idCount: Int { members.count }

  // MARK: What stands

  /// What this operation would come to.
  func verdict(on operation: Operation) -> Verdict {
    verdict(on: operation, Known(operation, self))
  }

  /// The members and the tie of an operation, as far as there are any.
  private struct Known {
    let from: UInt32?
    let profile: UInt32?
    let tie: UInt32?

    init(_ operation: Operation, _ graph: borrowing JoinGraph) {
      from = graph.index.number(of: operation.from, among: graph.members)
      profile = graph.index.number(of: operation.profile, among: graph.members)
      tie = if let from, let profile { graph.tie(from, profile) } else { nil }
    }
  }

  private func verdict(on operation: Operation, _ known: Known) -> Verdict {
    guard operation.from != operation.profile else { return .known }
    guard let tie = known.tie else {
      if let from = known.from, members[Int(from)].ties >= limits.ties { return .tooManyTies }
      return operation.kind != .undo && isTooLarge(known, operation) ? .tooManyIDs : .changes
    }
    switch operation.kind {
    case .undo:
      return undone[tie].map { $0 < operation.position } ?? true ? .changes : .known
    case .identify:
      return isFirst(operation.position, of: tie) ? .changes : .known
    case .alias:
      guard isFirst(operation.position, of: tie) || isLast(operation.position, of: tie) else {
        return .known
      }
      return isTooLarge(known, operation) ? .tooManyIDs : .changes
    }
  }

  /// Does what it says, if its verdict is that it changes something.
  @discardableResult
  mutating func apply(_ operation: Operation) -> Verdict {
    let known = Known(operation, self)
    let verdict = verdict(on: operation, known)
    guard verdict == .changes else { return verdict }
    let from = known.from ?? makeMember(operation.from, operation.fromKind)
    let profile = known.profile ?? makeMember(operation.profile, .profile)
    let tie = known.tie ?? makeTie(from, profile)
    let stood = stands(tie)
    switch operation.kind {
    case .undo: undone[tie] = operation.position
    case .identify, .alias: note(operation, of: tie)
    }
    if operation.fromKind != .profile {
      settleOwner(of: from)
    } else if stands(tie) {
      if !stood { unite(from, profile) }
    } else if stood {
      split(from)
    }
    return .changes
  }

  private func isFirst(_ position: JoinPosition, of tie: UInt32) -> Bool {
    ties[Int(tie)].first.map { position < $0 } ?? true
  }

  private func isLast(_ position: JoinPosition, of tie: UInt32) -> Bool {
    lastAlias(of: tie).map { $0 < position } ?? true
  }

  private func lastAlias(of tie: UInt32) -> JoinPosition? {
    ties[Int(tie)].isOneAlias ? ties[Int(tie)].first : aliases[tie]
  }

  /// Most ties are made by one operation, so that its position stands for both the first and the last.
  private mutating func note(_ operation: Operation, of tie: UInt32) {
    let (isFirst, last) = (isFirst(operation.position, of: tie), lastAlias(of: tie))
    if ties[Int(tie)].isOneAlias {
      ties[Int(tie)].isOneAlias = false
      aliases[tie] = last
    }
    let isLast = operation.kind == .alias && last.map { $0 < operation.position } ?? true
    if isFirst { ties[Int(tie)].first = operation.position }
    if isFirst, isLast {
      ties[Int(tie)].isOneAlias = true
    } else if isLast {
      aliases[tie] = operation.position
    }
  }

  /// Since when a tie stands; nil where it does not.
  private func standing(_ tie: UInt32) -> JoinPosition? {
    guard let undone = undone[tie] else { return ties[Int(tie)].first }
    guard let alias = lastAlias(of: tie), undone < alias else { return nil }
    return alias
  }

  private func stands(_ tie: UInt32) -> Bool { standing(tie) != nil }

  private func isTooLarge(_ known: Known, _ operation: Operation) -> Bool {
    let here = known.from.map { members[Int($0)].root }
    let there = known.profile.map { members[Int($0)].root }
    if here != nil, here == there { return false }
    let own = operation.fromKind == .profile ? here.map { members[Int($0)].size } ?? 1 : 1
    return Int(own) + Int(there.map { members[Int($0)].size } ?? 1) > limits.ids
  }

  // MARK: Members and ties

  private mutating func makeMember(_ person: PersonHash, _ kind: PersonKind) -> UInt32 {
    let number = UInt32(members.count)
    members.append(
      Member(person: person, kind: kind, root: number, next: number, previous: number))
    index.addLast(of: members)
    return number
  }

  private func tie(_ from: UInt32, _ profile: UInt32) -> UInt32? {
    var tie = members[Int(from)].firstTie
    while tie != Member.none {
      if ties[Int(tie)].profile == profile { return tie }
      tie = ties[Int(tie)].next
    }
    return nil
  }

  private mutating func makeTie(_ from: UInt32, _ profile: UInt32) -> UInt32 {
    let tie = UInt32(ties.count)
    ties.append(Tie(profile: profile, next: members[Int(from)].firstTie, first: nil))
    members[Int(from)].firstTie = tie
    members[Int(from)].ties += 1
    return tie
  }

  // MARK: Owners of devices and visitors

  /// Finds whose the id is now: the first tie that stands, of a person who has room.
  private mutating func settleOwner(of id: UInt32, isShown: Bool = true) {
    let before = members[Int(id)].root
    detach(id)
    var best: (profile: UInt32, position: JoinPosition)?
    var tie = members[Int(id)].firstTie
    while tie != Member.none {
      let profile = ties[Int(tie)].profile
      if let position = standing(tie), best.map({ position < $0.position }) ?? true,
        Int(members[Int(members[Int(profile)].root)].size) < limits.ids
      {
        best = (profile, position)
      }
      tie = ties[Int(tie)].next
    }
    if let best { attach(id, to: members[Int(best.profile)].root) }
    if isShown, members[Int(id)].root != before { show(id) }
  }

  private mutating func detach(_ id: UInt32) {
    let member = members[Int(id)]
    guard member.root != id else { return }
    members[Int(member.root)].size -= 1
    members[Int(member.previous)].next = member.next
    members[Int(member.next)].previous = member.previous
    (members[Int(id)].next, members[Int(id)].previous, members[Int(id)].root) = (id, id, id)
  }

  private mutating func attach(_ id: UInt32, to root: UInt32) {
    let next = members[Int(root)].next
    (members[Int(id)].next, members[Int(id)].previous) = (next, root)
    members[Int(root)].next = id
    members[Int(next)].previous = id
    members[Int(id)].root = root
    members[Int(root)].size += 1
  }

  private mutating func show(_ id: UInt32) {
    if isLoading { return }
    joined[members[Int(id)].person] = members[Int(members[Int(id)].root)].person
  }

  // MARK: Profiles

  /// Makes one person of two. Whoever has the greater hash gets another to stand for him: that is the
  /// smaller one of the two more often than not, so that growing costs little.
  private mutating func unite(_ first: UInt32, _ second: UInt32, isShown: Bool = true) {
    var (kept, lost) = (members[Int(first)].root, members[Int(second)].root)
    if kept == lost { return }
    if members[Int(lost)].person < members[Int(kept)].person { swap(&kept, &lost) }
    var member = lost
    repeat {
      members[Int(member)].root = kept
      if isShown { show(member) }
      member = members[Int(member)].next
    } while member != lost
    let (nextOfKept, lastOfLost) = (members[Int(kept)].next, members[Int(lost)].previous)
    members[Int(kept)].next = lost
    members[Int(lost)].previous = kept
    members[Int(lastOfLost)].next = nextOfKept
    members[Int(nextOfKept)].previous = lastOfLost
    members[Int(kept)].size += members[Int(lost)].size
  }

  /// Finds anew who is whom among the ids of a person of whom a tie does not stand any more.
  private mutating func split(_ someone: UInt32) {
    var ids: [UInt32] = []
    var roots: [UInt32] = []
    var member = someone
    repeat {
      ids.append(member)
      roots.append(members[Int(member)].root)
      member = members[Int(member)].next
    } while member != someone
    for id in ids {
      (members[Int(id)].next, members[Int(id)].previous) = (id, id)
      (members[Int(id)].root, members[Int(id)].size) = (id, 1)
    }
    for id in ids where members[Int(id)].kind == .profile {
      var tie = members[Int(id)].firstTie
      while tie != Member.none {
        if stands(tie) { unite(id, ties[Int(tie)].profile, isShown: false) }
        tie = ties[Int(tie)].next
      }
    }
    for id in ids where members[Int(id)].kind != .profile { settleOwner(of: id, isShown: false) }
    for (id, root) in zip(ids, roots) where members[Int(id)].root != root { show(id) }
  }
}
