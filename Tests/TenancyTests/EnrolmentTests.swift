import Batches
import Crypto
import Events
import Platform
import Testing

@testable import Tenancy

@Suite("Enrolment") struct EnrolmentTests {
  let test: TestStore
  let project: ProjectID
  let key: VerifyingKey

  init() throws {
    test = try TestStore()
    project = try test.store.addProject(name: "Acme").id
    key = try SigningKey.generate().key.verifyingKey
  }

  func outcome(_ enrolment: Enrolment) -> String {
    switch enrolment {
    case .enrolled(_, let isRepeated): isRepeated ? "again" : "enrolled"
    case .unknown: "unknown"
    case .expired: "expired"
    case .used: "used"
    case .revoked: "revoked"
    }
  }

  func enrol(_ token: EnrolmentToken, _ key: VerifyingKey? = nil) throws -> String {
    outcome(try test.store.enrol(token: token.digest, key: key ?? self.key, name: "edge"))
  }

  @Test("a token lets one collector in, once; the same collector may ask again, nobody else")
  func once() throws {
    let token = try test.store.addEnrolmentToken(projects: [project], pins: [])
    #expect(try enrol(token) == "enrolled")
    #expect(try enrol(token) == "again")
    let thief = try SigningKey.generate().key.verifyingKey
    #expect(try enrol(token, thief) == "used")
    try test.reopen()
    #expect(try enrol(token, thief) == "used")
    #expect(try enrol(token) == "again")
    let collector = try #require(test.store.snapshot.collectors.values.first)
    #expect(test.store.snapshot.collectors.count == 1)
    #expect(collector.projects == [project] && collector.name == "edge")
    #expect(collector.key(KeyID(of: key)) == key)
    #expect(collector.key(KeyID(high: 0, low: 0)) == nil)
  }

  @Test("a token ends with its time, which is a day at most")
  func expiry() throws {
    let token = try test.store.addEnrolmentToken(
      projects: [project], pins: [], lifetime: .seconds(60))
    test.clock.advance(by: .seconds(59))
    #expect(try enrol(token) == "enrolled")
    let late = try test.store.addEnrolmentToken(
      projects: [project], pins: [], lifetime: .seconds(60))
    test.clock.advance(by: .seconds(60))
    #expect(try enrol(late, try SigningKey.generate().key.verifyingKey) == "expired")
    for lifetime in [Duration.zero, .seconds(-1), .seconds(86_401)] {
      #expect(throws: TenancyError.self) {
        try test.store.addEnrolmentToken(projects: [project], pins: [], lifetime: lifetime)
      }
    }
    #expect(throws: TenancyError.self) {
      try test.store.addEnrolmentToken(projects: [try ProjectID("stranger")], pins: [])
    }
  }

  @Test("a token that was never made is unknown, whatever it says")
  func forged() throws {
    #expect(try enrol(EnrolmentToken(pins: [], projects: [project])) == "unknown")
  }

  @Test("a collector that was shut out stays out, and signs nothing any more")
  func revoked() throws {
    #expect(
      try enrol(try test.store.addEnrolmentToken(projects: [project], pins: [])) == "enrolled")
    let id = try #require(test.store.snapshot.collectors.keys.first)
    try test.store.revokeCollector(id)
    let collector = try #require(test.store.snapshot.collectors[id])
    #expect(collector.status == .revoked)
    #expect(collector.key(KeyID(of: key)) == nil)
    #expect(try enrol(try test.store.addEnrolmentToken(projects: [project], pins: [])) == "revoked")
    #expect(throws: TenancyError.self) {
      try test.store.revokeCollector(CollectorID(high: 1, low: 2))
    }
  }

  @Test(
    "a collector that joins again with its own key keeps its name and gains the token's projects")
  func second() throws {
    let other = try test.store.addProject(name: "Other").id
    #expect(
      try enrol(try test.store.addEnrolmentToken(projects: [project], pins: [])) == "enrolled")
    #expect(try enrol(try test.store.addEnrolmentToken(projects: [other], pins: [])) == "enrolled")
    let collector = try #require(test.store.snapshot.collectors.values.first)
    #expect(test.store.snapshot.collectors.count == 1)
    #expect(collector.projects == [project, other])
  }

  @Test("a token reads back what it was made of", arguments: UInt64(0)..<20)
  func roundTrip(seed: UInt64) throws {
    let random = SeededRandom(seed: seed)
    let pins = (0..<Int(random.next() % 5)).map { _ in sha256(randomBytes(8, from: random).span) }
    let projects = try (0..<Int(random.next() % 9)).map { try ProjectID("p-\($0)") }
    let token = EnrolmentToken(pins: pins, projects: projects, from: random)
    let read = try EnrolmentToken(token.text)
    #expect(read == token && read.pins == pins && read.projects == projects)
    #expect(read.digest == token.digest)
  }

  @Test("a token cut anywhere or changed in any byte is no token")
  func damaged() throws {
    let text = EnrolmentToken(pins: [sha256("ca")], projects: [project]).text
    for end in text.utf8.indices {
      #expect(throws: EnrolmentToken.Problem.self) { try EnrolmentToken(String(text[..<end])) }
    }
    for index in text.utf8.indices {
      for byte in ["A", "b", "-", "=", "é", "\n"] {
        let changed = text[..<index] + byte + text[text.utf8.index(after: index)...]
        guard changed != text else { continue }
        #expect(throws: EnrolmentToken.Problem.self) { try EnrolmentToken(String(changed)) }
      }
    }
    #expect(throws: EnrolmentToken.Problem.notAToken) { try EnrolmentToken("") }
    #expect(throws: EnrolmentToken.Problem.version(2)) { try EnrolmentToken("te_AgAAAA") }
  }

  @Test("counts inside a token that promise more than it holds are refused")
  func lyingCounts() throws {
    for (pins, projects) in [(UInt8(255), UInt8(0)), (0, 255), (4, 1), (1, 0)] {
      var writer = ByteWriter()
      writer.append(1)
      writer.append([UInt8](repeating: 7, count: 32))
      writer.append(pins)
      writer.append(projects)
      writer.append(littleEndian: crc32c(writer.bytes.span))
      let text = "te_" + Base64.url.encode(writer.bytes.span)
      #expect(throws: EnrolmentToken.Problem.damaged) { try EnrolmentToken(text) }
    }
  }

  @Test("the owner's password is long, and different each time")
  func password() {
    let first = User.generatePassword()
    #expect(first.utf8.count == 23 && first != User.generatePassword())
  }
}
