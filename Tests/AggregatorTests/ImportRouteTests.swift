import Batches
import Compression
import Crypto
import Events
import HTTP
import JSON
import Store
import Testing

@testable import Aggregator

@Suite("The way in for imports") struct ImportRouteTests {
  private let world: World

  init() async throws { world = try await World() }

  private func body(_ numbers: ClosedRange<UInt64>) throws -> (bytes: [UInt8], plain: Int) {
    let list = try list(numbers.map { event($0) })
    let body = try BatchBody.encode(records: list.bytes, ends: list.ends)
    return (ZstdCompressor().compress(body.bytes.span, cuts: body.cuts), body.bytes.count)
  }

  private func post(
    _ bytes: [UInt8], plain: Int, project: String = "acme"
  ) async throws -> World.Answer {
    try await world.post(bytes, to: "/import?project=\(project)&plain=\(plain)", over: .none)
  }

  @Test("it says which store this is, and which projects there are")
  func describes() async throws {
    let answer = try await world.get("/import", over: .none)
    let json = try JSONValue(parsing: answer.body.span)
    #expect(json["store"]?.string == world.store.identity.id.description)
    #expect(json["projects"]?.array?.compactMap(\.string) == ["acme", "other"])
    #expect(json["max_rows"]?.integer == 10_000)
  }

  @Test("what is answered is on disk, sealed by the aggregator, and known the next time")
  func committed() async throws {
    let (bytes, plain) = try body(1...40)
    let answer = try await post(bytes, plain: plain)
    #expect(answer.status == 200)
    let json = try JSONValue(parsing: answer.body.span)
    #expect(json["accepted"]?.integer == 40 && json["duplicates"]?.integer == 0)
    let (more, morePlain) = try body(31...60)
    let secondAnswer = try await post(more, plain: morePlain)
    let second = try JSONValue(parsing: secondAnswer.body.span)
    #expect(second["accepted"]?.integer == 20 && second["duplicates"]?.integer == 10)
    let seen48 = try await world.store.ids(of: "acme")
    #expect(seen48 == (1...60).map { id($0) })
    await world.store.stop()
    let again = try await Fixture.store(in: world.scratch)
    let seen51 = try await again.ids(of: "acme")
    #expect(seen51 == (1...60).map { id($0) })
    #expect(again.unreadable.isEmpty)
    await again.stop()
  }

  @Test("projects that are not there, and sizes that are none, are refused before the body is read")
  func refused() async throws {
    let (bytes, plain) = try body(1...3)
    #expect(try await post(bytes, plain: plain, project: "nobody").refusal == "404 unknown_project")
    #expect(
      try await post(bytes, plain: plain, project: "No%20id").refusal == "404 unknown_project")
    for wrong in [0, -1, 9 << 20] {
      #expect(try await post(bytes, plain: wrong).refusal == "400 bad_size")
    }
    #expect(world.store.hot.eventCount == 0)
  }

  @Test("a body with any bit flipped, cut anywhere or of another size is refused, or what it says")
  func damaged() async throws {
    let (bytes, plain) = try body(1...5)
    for size in [plain - 1, plain + 1] { #expect(try await post(bytes, plain: size).status == 400) }
    for count in 0..<bytes.count {
      #expect(try await post(Array(bytes[..<count]), plain: plain).status == 400)
    }
    #expect(world.store.hot.eventCount == 0)
    for bit in stride(from: 0, to: bytes.count * 8, by: 7) {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      // Nothing signs it, so a flip that leaves good columns is other events; none may trap, and none
      // is for later (503): it would be sent for ever.
      #expect([200, 400, 413].contains(try await post(flipped, plain: plain).status))
    }
  }
}
