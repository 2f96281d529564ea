import Platform
import Synchronization
import Testing

@testable import HTTP

@Suite("Who may have how many connections") struct ConnectionSlotsTests {
  /// A connection's standing, and the stream that is closed with it.
  private struct Connection {
    let stream = ScriptedStream([])
    let standing: ConnectionStanding

    init?(_ slots: ConnectionSlots, isTrusted: Bool = false, isBusy: Bool = false) {
      guard let standing = slots.admit(stream, isTrusted: isTrusted) else { return nil }
      self.standing = standing
      if isBusy { standing.requestBegins() }
    }
  }

  @Test(
    "strangers have their part of the slots, and one place at least",
    arguments: [(10_000, 25, 2_500), (10, 25, 2), (10, 1, 1), (1_000_000, 100, 1_000_000)])
  func part(maximum: Int, percent: Int, strangers: Int) {
    #expect(ConnectionSlots(maximum, strangerPercent: percent).strangerMaximum == strangers)
  }

  @Test("at the limit a stranger is refused and counted; who shows a key, or is trusted, is not")
  func strangers() throws {
    let slots = ConnectionSlots(100)
    let first = try (0..<25).map { _ in try #require(Connection(slots, isBusy: true)) }
    #expect(Connection(slots) == nil)
    #expect(slots.refusedStrangers.load(ordering: .relaxed) == 1)
    #expect(Connection(slots, isTrusted: true) != nil)
    first[3].standing.prove()
    first[3].standing.prove()
    #expect(slots.strangerCount == 24)
    let next = try #require(Connection(slots, isBusy: true))
    #expect(Connection(slots) == nil)
    next.standing.leave()
    first[3].standing.leave()
    #expect(Connection(slots) != nil)
    let isUntouched = first.allSatisfy { !$0.stream.isClosed }
    #expect(isUntouched)
  }

  @Test("the stranger that came first and rests gives way; those at work do not")
  func displaced() throws {
    let slots = ConnectionSlots(40)
    let first = try (0..<10).map { try #require(Connection(slots, isBusy: $0 < 2)) }
    for _ in 0..<3 { #expect(Connection(slots) != nil) }
    #expect(first.map(\.stream.isClosed) == first.indices.map { 2..<5 ~= $0 })
    #expect(slots.displacedStrangers.load(ordering: .relaxed) == 3)
    #expect(slots.strangerCount == 10)
    // Its request is through: it is the oldest again.
    first[0].standing.requestEnds()
    for _ in 0..<8 { _ = Connection(slots) }
    #expect(first[0].stream.isClosed)
    #expect(!first[1].stream.isClosed)
  }

  @Test("a peer has eight connections; the ninth is refused while all are at work")
  func peers() throws {
    let slots = ConnectionSlots(100, strangerPercent: 100)
    func connect() throws -> Connection { try #require(Connection(slots, isBusy: true)) }
    let held = try (0..<8).map { _ in try connect() }
    for connection in held { #expect(connection.standing.prove(as: "a")) }
    let ninth = try connect()
    #expect(!ninth.standing.prove(as: "a"))
    #expect(slots.refusedPeers.load(ordering: .relaxed) == 1)
    #expect(held.last?.standing.prove(as: "a") == true)
    #expect(try connect().standing.prove(as: "b"))
    held[5].standing.leave()
    #expect(ninth.standing.prove(as: "a"))
    // One that rests gives way: a broken link leaves such behind.
    held[2].standing.requestEnds()
    #expect(try connect().standing.prove(as: "a"))
    #expect(held.map(\.stream.isClosed) == held.indices.map { $0 == 2 })
  }

  @Test("a connection of a proxy counts for the peer that it brought last")
  func proxied() throws {
    let slots = ConnectionSlots(100, strangerPercent: 100, peerMaximum: 1)
    let proxied = try #require(Connection(slots, isBusy: true))
    for _ in 0..<3 {
      #expect(proxied.standing.prove(as: "a"))
      #expect(proxied.standing.prove(as: "b"))
    }
    let other = try #require(Connection(slots, isBusy: true))
    #expect(!other.standing.prove(as: "b"))
    #expect(other.standing.prove(as: "a"))
  }

  @Test("the queue of strangers agrees with a list", arguments: UInt64(0)..<20)
  func model(seed: UInt64) {
    var random = RandomGenerator(SeededRandom(seed: seed))
    let slots = ConnectionSlots(1)
    var queue = StrangerQueue()
    var list: [ConnectionStanding] = []
    for _ in 0..<2_000 {
      switch Int.random(in: 0..<5, using: &random) {
      case 0, 1:
        let standing = ConnectionStanding(slots, ScriptedStream([]), isKnown: false)
        if Int.random(in: 0..<8, using: &random) == 0 { standing.requestBegins() }
        queue.append(standing)
        list.append(standing)
      case 2:
        if let standing = list.randomElement(using: &random) {
          queue.remove(standing)
          list.removeAll { $0 === standing }
        }
      case 3:
        let rested = list.prefix(64).firstIndex { $0.isAtRest }
        let expected = rested.map { list[$0] }
        // Those that were at work and looked at are last now.
        let looked = list.prefix(rested ?? 64)
        list = Array(list.dropFirst(looked.count + (rested == nil ? 0 : 1))) + looked
        #expect(queue.takeOldestAtRest() === expected)
      default: queue.remove(ConnectionStanding(slots, ScriptedStream([]), isKnown: false))
      }
      #expect(queue.count == list.count)
    }
  }
}

@Suite("Places of strangers, over sockets") struct StrangerTests {
  private static func get(_ path: String) -> [UInt8] {
    Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
  }

  @Test("who finds no place is told so, and those with a key go on", .timeLimit(.minutes(1)))
  func crowded() async throws {
    let mayAnswer = Flag()
    let world = try World(slots: ConnectionSlots(300, strangerPercent: 1)) { router in
      router.add(.get, "/small") { _ in .text("small") }
      router.add(.get, "/known") { request in
        request.standing.prove()
        return .text("known")
      }
      router.add(.get, "/slow") { _ in
        while !mayAnswer.isSet { try? await Task.sleep(for: .milliseconds(5)) }
        return .text("slow")
      }
    }
    let known = world.client()
    let asKnown = try OutgoingRequest(.get, target: "/known", host: "h")
    #expect(try await known.send(asKnown, timeout: .seconds(30)).status == 200)
    let slow = (0..<3).map { _ in
      Task { try await world.say(Self.get("/slow"), until: "slow") }
    }
    while world.server.connectionCount < 4 { try await Task.sleep(for: .milliseconds(5)) }
    // Their requests have to be under way, or they would give way.
    try await Task.sleep(for: .milliseconds(300))
    let refused = try await world.say(Self.get("/small"))
    #expect(refused.hasPrefix("HTTP/1.1 503 "))
    #expect(refused.contains("too_many_unauthenticated"))
    #expect(refused.contains("Retry-After: 1\r\n"))
    #expect(refused.contains("Connection: close\r\n"))
    #expect(try await known.send(asKnown, timeout: .seconds(30)).status == 200)
    mayAnswer.set()
    for task in slow { #expect(try await task.value.hasSuffix("slow")) }
    #expect(try await world.say(Self.get("/small"), until: "small").hasSuffix("small"))
    await world.server.shutDown(within: .seconds(1))
  }

  @Test("a flood that rests keeps nobody out", .timeLimit(.minutes(1)))
  func flood() async throws {
    let world = try World(slots: ConnectionSlots(1_000, strangerPercent: 1)) { router in
      router.add(.get, "/small") { _ in .text("small") }
    }
    var flood: [any ByteStream] = []
    for number in 0..<60 {
      let deadline = SystemClock.monotonicNanoseconds + 30_000_000_000
      flood.append(try await world.net.connect(to: world.address, deadline: deadline))
      if number % 10 == 9 {
        #expect(try await world.say(Self.get("/small"), until: "small").hasSuffix("small"))
      }
    }
    for stream in flood { stream.close() }
    await world.server.shutDown(within: .seconds(1))
  }
}
