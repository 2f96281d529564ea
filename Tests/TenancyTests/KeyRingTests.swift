import Batches
import Crypto
import Events
import JSON
import Platform
import Testing

@testable import Tenancy

@Suite("Key ring") struct KeyRingTests {
  let test: TestStore
  let signer: SigningKey
  let collector: CollectorIdentity
  let ours: ProjectID
  let theirs: ProjectID

  init() throws {
    test = try TestStore()
    ours = try test.store.addProject(name: "Ours \"1\"").id
    theirs = try test.store.addProject(name: "Theirs").id
    signer = try SigningKey.generate().key
    let token = try test.store.addEnrolmentToken(projects: [ours], pins: [])
    guard
      case .enrolled(let collector, _) = try test.store.enrol(
        token: token.digest, key: signer.verifyingKey, name: "edge")
    else { throw EnrolmentToken.Problem.damaged }
    self.collector = collector
  }

  func ring() -> KeyRing { test.store.snapshot.keyRing(for: collector, at: 1_777_889_472_345) }

  @Test("the collector lets in who may write to its projects, and nobody else")
  func lookups() throws {
    let write = try test.store.addKey(.write, project: ours).secret.text
    let read = try test.store.addKey(.read, project: ours).secret.text
    let foreign = try test.store.addKey(.write, project: theirs).secret.text
    let admin = try test.store.addKey(.admin, project: nil).secret.text
    let (revoked, revokedSecret) = try test.store.addKey(.write, project: ours)
    try test.store.revokeCredential(revoked.id)
    let (client, secret) = try test.store.addClient(project: ours, origins: ["https://a.example"])
    let ring = ring()
    #expect(ring.grant(key: write)?.rights == .write)
    #expect(ring.grant(key: write)?.project == ours)
    for text in [read, foreign, admin, revokedSecret.text, write + "x", ""] {
      #expect(ring.grant(key: text) == nil)
    }
    #expect(ring.grant(client: client.id)?.rights == .write)
    #expect(ring.grant(client: client.id, secret: secret.text)?.rights == .write)
    #expect(ring.grant(client: client.id, secret: "wrong") == nil)
    #expect(ring.origins(ofClient: client.id.utf8.span) == ["https://a.example"])
    #expect(ring.speaks(for: ours) && !ring.speaks(for: theirs))
    let text = String(decoding: ring.json, as: UTF8.self)
    #expect(!text.contains(theirs.text) && !text.contains(write) && !text.contains(secret.text))
  }

  @Test("an archived project takes nothing, also at the edge")
  func archived() throws {
    let write = try test.store.addKey(.write, project: ours).secret.text
    var project = try #require(test.store.snapshot.projects[ours])
    project.status = .archived
    _ = try test.store.update(project)
    #expect(ring().grant(key: write) == nil)
    #expect(!ring().speaks(for: ours))
    #expect(test.store.snapshot.grant(key: write)?.rights == [])
  }

  @Test("what was signed is read back the same, and says the same about every key")
  func roundTrip() throws {
    let texts = try (0..<5).map { _ in try test.store.addKey(.write, project: ours).secret.text }
    _ = try test.store.addClient(project: ours, origins: ["https://é.example", "\"\\"])
    let ring = ring()
    let read = try KeyRing(
      signed: ring.signed(by: signer), by: signer.verifyingKey, for: collector.id)
    #expect(read == ring)
    for text in texts { #expect(read.grant(key: text) == ring.grant(key: text)) }
  }

  @Test("a file with any byte changed or cut anywhere opens nothing")
  func damaged() throws {
    _ = try test.store.addKey(.write, project: ours)
    let file = ring().signed(by: signer)
    for end in file.indices {
      #expect(throws: KeyRing.Problem.self) {
        try KeyRing(signed: Array(file[..<end]), by: signer.verifyingKey, for: collector.id)
      }
    }
    for index in file.indices {
      var changed = file
      changed[index] ^= 1 << UInt8(index % 8)
      #expect(throws: KeyRing.Problem.self) {
        try KeyRing(signed: changed, by: signer.verifyingKey, for: collector.id)
      }
    }
  }

  @Test("a ring of another aggregator, or for another collector, is not taken")
  func foreign() throws {
    let file = ring().signed(by: signer)
    let stranger = try SigningKey.generate().key.verifyingKey
    #expect(throws: KeyRing.Problem.badSignature) {
      try KeyRing(signed: file, by: stranger, for: collector.id)
    }
    let other = CollectorID(high: 1, low: 2)
    #expect(throws: KeyRing.Problem.foreign(collector.id)) {
      try KeyRing(signed: file, by: signer.verifyingKey, for: other)
    }
  }

  @Test("later aggregators may say more; what is missing or of a later version is refused")
  func versions() throws {
    let ring = try JSONValue(
      parsing: #"""
        {"version":1,"generation":7,"issued_at":5,"collector":"00000000-0000-0001-0000-000000000002","new":{},"projects":[
          {"id":"acme","name":"Acme","status":"active","limits":[1],"clients":[],"keys":[
            {"id":"key_1","prefix":"tw_AbCd1234","extra":1,"sha256":"\#(sha256("x").hex)"}]}]}
        """#)
    let read = try KeyRing(json: ring)
    #expect(read.generation == 7 && read.projects.first?.keys.count == 1)
    for (text, problem) in [
      (#"{"version":2}"#, KeyRing.Problem.version(2)), ("{}", .malformed("version")),
      ("[]", .malformed("version")),
      (
        #"{"version":1,"projects":[],"generation":1,"issued_at":1,"collector":"../x"}"#,
        .malformed("collector")
      ),
      (
        #"{"version":1,"projects":[{"keys":[],"clients":[],"id":"A b"}]}"#, .malformed("project id")
      ),
      (
        #"{"version":1,"projects":[{"keys":[{"id":"k","prefix":"p","sha256":"00"}]}]}"#,
        .malformed("sha256")
      ),
    ] {
      let value = try JSONValue(parsing: text)
      #expect(throws: problem) { try KeyRing(json: value) }
    }
  }
}
