import Crypto
import Glibc
import JSON
import Platform
import Tenancy
import TestSupport
import Testing

@testable import Aggregator

@Suite("Initialisation") struct InitialisationTests {
  private let scratch = Scratch()

  private var folder: DataFolder { DataFolder(scratch.path + "/data") }

  private func initialise() async throws -> InitialisedAggregator {
    try await Initialisation(folder, clock: ManualClock(), random: SystemRandom()).run(
      project: "acme", projectName: "Acme", ownerEmail: "owner@example.org",
      hostNames: ["stats.example.org"])
  }

  private func permissions(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(unsafe stat(path, &status) == 0)
    return status.st_mode & 0o777
  }

  @Test("a fresh folder becomes an aggregator's, with everything that its first project needs")
  func fresh() async throws {
    let made = try await initialise()
    #expect(try folder.readSigningKey() != nil)
    let json = try JSONValue(parsing: made.json.span)
    #expect(json["project_id"] == "acme")
    #expect(json["ca_file"]?.string == folder.authorityPath)
    let tenants = try Tenants.open(folder, clock: ManualClock(), random: SystemRandom())
    let snapshot = tenants.board.current
    #expect(snapshot.projects["acme"]?.name == "Acme")
    for (name, right) in [("write_key", Rights.write), ("read_key", .read), ("admin_key", .read)] {
      let key = try #require(json[name]?.string)
      let grant = snapshot.grant(forKey: key.utf8.span, at: ManualClock().wallMilliseconds)
      #expect(grant?.rights.contains(right) == true, "\(name)")
    }
    let token = try EnrolmentToken(try #require(json["enrolment_token"]?.string))
    let authority = try #require(try folder.directory.read("ca.pem", upTo: 1 << 16))
    let pin = try publicKeyPin(certificate: String(decoding: authority, as: UTF8.self))
    #expect(token.pins == [pin])
    for line in ["project_id        acme\n", "owner_email       owner@example.org\n"] {
      #expect(made.text.contains(line))
    }
  }

  @Test("a folder that is an aggregator's already is refused, and stays what it is")
  func twice() async throws {
    _ = try await initialise()
    let key = try folder.readSigningKey()?.verifyingKey
    let names = try folder.directory.names()
    await #expect(throws: Initialisation.Problem.alreadyInitialised) { try await initialise() }
    #expect(try folder.readSigningKey()?.verifyingKey == key)
    #expect(try folder.directory.names() == names)
  }

  @Test("what a crash left before the signing key was made can be initialised again")
  func interrupted() async throws {
    let first = try await initialise()
    try folder.directory.remove("aggregator.key")
    let second = try await initialise()
    #expect(try folder.readSigningKey() != nil)
    let old = try JSONValue(parsing: first.json.span)
    let new = try JSONValue(parsing: second.json.span)
    let tenants = try Tenants.open(folder, clock: ManualClock(), random: SystemRandom())
    func grant(_ json: JSONValue) -> Grant? {
      let key = json["write_key"]?.string ?? ""
      return tenants.board.current.grant(
        forKey: key.utf8.span, at: ManualClock().wallMilliseconds)
    }
    #expect(grant(new) != nil)
    #expect(grant(old) == nil)
  }

  @Test("a folder in use that has lost its signing key keeps its tenants")
  func lostKey() async throws {
    _ = try await initialise()
    try folder.directory.replace("store.db", with: [UInt8]().span)
    try folder.directory.remove("aggregator.key")
    await #expect(throws: TenancyError.self) { try await initialise() }
    let tenants = try Tenants.open(folder, clock: ManualClock(), random: SystemRandom())
    #expect(tenants.board.current.keys.count == 3)
  }

  @Test("nobody but the owner can read what was made")
  func modes() async throws {
    _ = try await initialise()
    #expect(try permissions(folder.directory.path) == 0o700)
    for name in [
      "aggregator.key", "ca.key", "ca.pem", "server.key", "server.pem", "config.json5",
    ] {
      #expect(try permissions(folder.directory.file(name)) == 0o600, "\(name)")
    }
  }
}
