import Crypto
import Events
import Platform
import SQLite
import Testing

@testable import Tenancy

@Suite("Credentials") struct CredentialTests {
  /// What should hold, kept in the plainest way.
  struct Model {
    struct Key {
      let id: String
      let project: ProjectID?
      let scope: KeyScope
      var isRevoked = false
    }
    struct Client {
      let project: ProjectID
      let secret: String
      var isRevoked = false
    }
    var archived: Set<ProjectID> = []
    var keys: [String: Key] = [:]
    var clients: [String: Client] = [:]

    func rights(ofKey text: String) -> (ProjectID?, Rights)? {
      guard let key = keys[text], !key.isRevoked else { return nil }
      return (key.project, narrowed(key.scope.rights, key.project))
    }

    func rights(ofClient id: String, secret: String?) -> (ProjectID?, Rights)? {
      guard let client = clients[id], !client.isRevoked else { return nil }
      guard secret == nil || secret == client.secret else { return nil }
      return (client.project, narrowed(secret == nil ? .write : [.write, .read], client.project))
    }

    private func narrowed(_ rights: Rights, _ project: ProjectID?) -> Rights {
      guard let project, archived.contains(project) else { return rights }
      return rights.subtracting(.write)
    }
  }

  func check(_ snapshot: TenancySnapshot, against model: Model) {
    for text in model.keys.keys {
      let (grant, expected) = (snapshot.grant(key: text), model.rights(ofKey: text))
      #expect(grant?.rights == expected?.1)
      #expect(grant?.project == expected?.0)
    }
    for (id, client) in model.clients {
      for secret in [nil, client.secret, "ts_wrong123_AAAAAAAAAAAAAAAAAAAAAA"] {
        let grant = snapshot.grant(client: id, secret: secret)
        #expect(grant?.rights == model.rights(ofClient: id, secret: secret)?.1)
      }
    }
  }

  @Test(
    "after any changes, and after a restart, each credential may do what it should",
    arguments: UInt64(0)..<12)
  func agreesWithModel(seed: UInt64) throws {
    var random = RandomGenerator(SeededRandom(seed: seed &+ 100))
    let test = try TestStore(seed: seed)
    var model = Model()
    var projects = [try test.store.addProject(name: "First").id]
    for _ in 0..<40 {
      let project = projects.randomElement(using: &random)!
      switch Int.random(in: 0..<8, using: &random) {
      case 0: projects.append(try test.store.addProject(name: "Another").id)
      case 1, 2:
        let scope = KeyScope.allCases.randomElement(using: &random)!
        let (key, secret) = try test.store.addKey(scope, project: scope == .admin ? nil : project)
        model.keys[secret.text] = Model.Key(id: key.id, project: key.project, scope: scope)
      case 3:
        let (client, secret) = try test.store.addClient(project: project)
        model.clients[client.id] = Model.Client(project: project, secret: secret.text)
      case 4:
        guard let text = model.keys.keys.sorted().randomElement(using: &random) else { continue }
        try test.store.revokeCredential(model.keys[text]!.id)
        model.keys[text]!.isRevoked = true
      case 5:
        guard let id = model.clients.keys.sorted().randomElement(using: &random) else { continue }
        try test.store.revokeCredential(id)
        model.clients[id]!.isRevoked = true
      case 6:
        var changed = try #require(test.store.snapshot.projects[project])
        changed.status = changed.status == .active ? .archived : .active
        _ = try test.store.update(changed)
        if changed.status == .archived {
          model.archived.insert(project)
        } else {
          model.archived.remove(project)
        }
      default: try test.reopen()
      }
      check(test.store.snapshot, against: model)
    }
    let before = test.store.snapshot.generation
    try test.reopen()
    #expect(test.store.snapshot.generation == before)
    check(test.store.snapshot, against: model)
  }

  @Test("a key has its shape, and no other text of any kind opens what it opens")
  func nearMisses() throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let (key, secret) = try test.store.addKey(.write, project: project)
    let text = secret.text
    #expect(text.hasPrefix("tw_") && text.hasPrefix(key.prefix + "_"))
    // 62^22 > 2^128.
    #expect(text.utf8.count - key.prefix.utf8.count - 1 >= 22)
    let snapshot = test.store.snapshot
    #expect(snapshot.grant(key: text)?.allows(.write, in: project) == true)
    #expect(snapshot.grant(key: text)?.allows(.read, in: project) == false)
    for end in text.utf8.indices { #expect(snapshot.grant(key: String(text[..<end])) == nil) }
    for index in text.utf8.indices {
      for byte in ["x", "_", "\0", "é"] {
        let changed = text[..<index] + byte + text[text.utf8.index(after: index)...]
        guard changed != text else { continue }
        #expect(snapshot.grant(key: String(changed)) == nil)
      }
    }
    for other in [
      "", "_", "__", text + "x", " " + text, text + "\n", key.prefix, key.prefix + "_",
      String(repeating: "_", count: 300), String(repeating: "a", count: 1 << 20),
    ] { #expect(snapshot.grant(key: other) == nil) }
  }

  @Test("a grant holds in its own project only; an admin key's holds in all")
  func isolation() throws {
    let test = try TestStore()
    let (one, two) = (
      try test.store.addProject(name: "1").id, try test.store.addProject(name: "2").id
    )
    let read = try test.store.addKey(.read, project: one).secret
    let admin = try test.store.addKey(.admin, project: nil).secret
    let snapshot = test.store.snapshot
    let grant = try #require(snapshot.grant(key: read.text))
    #expect(grant.allows(.read, in: one) && !grant.allows(.read, in: two))
    let all = try #require(snapshot.grant(key: admin.text))
    #expect(all.allows([.read, .write, .administer], in: one) && all.allows(.administer, in: two))
  }

  @Test("two keys are good at once, so that one can be put in the place of the other")
  func rotation() throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let (old, oldSecret) = try test.store.addKey(.write, project: project)
    let (_, newSecret) = try test.store.addKey(.write, project: project)
    #expect(test.store.snapshot.grant(key: oldSecret.text) != nil)
    #expect(test.store.snapshot.grant(key: newSecret.text) != nil)
    let earlier = test.store.snapshot
    try test.store.revokeCredential(old.id)
    #expect(test.store.snapshot.grant(key: oldSecret.text) == nil)
    #expect(test.store.snapshot.grant(key: newSecret.text) != nil)
    #expect(earlier.grant(key: oldSecret.text) != nil)  // A snapshot never changes.
    #expect(test.store.snapshot.generation > earlier.generation)
  }

  @Test("no secret is ever on disk, in a description or in a dump")
  func canary() throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let write = try test.store.addKey(.write, project: project)
    let client = try test.store.addClient(project: project, origins: ["https://a.example"])
    let token = try test.store.addEnrolmentToken(projects: [project], pins: [])
    let secrets = [write.secret.text, client.secret.text, token.text]
    var shown = ""
    dump(test.store.snapshot, to: &shown)
    dump((write, client, token), to: &shown)
    shown += "\(write) \(client) \(token) \(test.store.snapshot)"
    let disk = String(decoding: try test.bytesOnDisk(), as: UTF8.self)
    #expect(disk.contains(write.key.prefix) && disk.contains(client.client.id))
    for secret in secrets {
      let hidden = secret.split(separator: "_").last.map(String.init) ?? secret
      #expect(!disk.contains(hidden))
      #expect(!shown.contains(hidden))
    }
  }

  @Test("a client's origins are found by its id; a stranger has none")
  func origins() throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let client = try test.store.addClient(project: project, origins: ["https://a.example"]).client
    let snapshot = test.store.snapshot
    #expect(snapshot.origins(ofClient: client.id.utf8.span) == ["https://a.example"])
    #expect(snapshot.origins(ofClient: "nobody".utf8.span) == nil)
    #expect(client.id.utf8.count == 36 && Array(client.id)[14] == "4")
  }

  @Test("when a credential was used is known after a restart, to the minute")
  func uses() throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let (key, secret) = try test.store.addKey(.write, project: project)
    let old = test.store.snapshot
    _ = try test.store.addKey(.read, project: project)
    #expect(old.grant(forKey: secret.text.utf8.span, at: 100_000) != nil)
    #expect(old.grant(forKey: secret.text.utf8.span, at: 159_999) != nil)
    try test.store.saveUses()
    try test.store.saveUses()
    try test.reopen()
    let found = test.store.snapshot.keys.first { $0.id == key.id }
    #expect(found?.lastUse.latest == 100_000)
    #expect(test.store.snapshot.grant(forKey: secret.text.utf8.span, at: 160_000) != nil)
    #expect(found?.lastUse.latest == 160_000)
    #expect(test.store.snapshot.keys.first { $0.scope == .read }?.lastUse.latest == nil)
  }

  @Test("what cannot be is refused, and changes nothing")
  func refusals() throws {
    let test = try TestStore()
    let project = try test.store.addProject(id: ProjectID("acme"), name: "Acme").id
    let stranger = try ProjectID("stranger")
    let generation = test.store.snapshot.generation
    func code(_ body: () throws -> Void) -> TenancyError.Code? {
      do {
        try body()
        return nil
      } catch {
        return (error as? TenancyError)?.code
      }
    }
    #expect(code { _ = try test.store.addProject(id: project, name: "Again") } == .taken)
    #expect(code { _ = try test.store.addProject(name: "") } == .invalid)
    #expect(code { _ = try test.store.addKey(.write, project: stranger) } == .unknownProject)
    #expect(code { _ = try test.store.addKey(.write, project: nil) } == .invalid)
    #expect(code { _ = try test.store.addKey(.admin, project: project) } == .invalid)
    #expect(code { _ = try test.store.addClient(project: stranger) } == .unknownProject)
    #expect(code { try test.store.revokeCredential("key_none") } == .unknownCredential)
    #expect(code { _ = try test.store.addUser(email: "nobody", role: .owner) } == .invalid)
    #expect(
      code {
        var settings = Project.Settings()
        settings.retentionDays = 0
        _ = try test.store.addProject(name: "x", settings: settings)
      } == .invalid)
    #expect(test.store.snapshot.generation == generation)
  }

  @Test("a project comes back as it was written, and so does a user")
  func roundTrip() throws {
    let test = try TestStore()
    var settings = Project.Settings()
    settings.timeZone = "Asia/Taipei"
    settings.retentionDays = 90
    settings.maximumCustomAttributes = 50
    settings.allowedEventNames = ["purchase", "naïve \"quoted\""]
    var project = try test.store.addProject(name: "Acme", description: "d", settings: settings)
    #expect(project.id.text.hasPrefix("proj_"))
    let user = try test.store.addUser(email: "Ann@Example.com", fullName: "Ann", role: .owner)
    #expect(user.email == "ann@example.com" && user.passwordHash == nil)
    try test.store.setPassword(ofUser: user.id, hash: "$scrypt$x")
    test.clock.advance(by: .seconds(5))
    project.name = "Acme 2"
    let updated = try test.store.update(project)
    #expect(updated.updatedMilliseconds == project.createdMilliseconds + 5000)
    try test.reopen()
    #expect(test.store.snapshot.projects[project.id] == updated)
    #expect(test.store.snapshot.users.map(\.email) == ["ann@example.com"])
    #expect(test.store.snapshot.users.first?.passwordHash == "$scrypt$x")
    #expect(throws: TenancyError.self) {
      try test.store.addUser(email: "ANN@example.com", role: .member)
    }
  }

  @Test(
    "a row that makes no sense stops the start: nobody guesses about who may do what",
    arguments: [
      "UPDATE project SET status = 'odd'", "UPDATE project SET allowed_event_names = '[1]'",
      "UPDATE api_key SET scope = 'odd'", "UPDATE api_key SET status = 'Active'",
      "UPDATE client SET origins = 'x'", "UPDATE collector SET status = ''",
      "UPDATE collector_key SET public_key = zeroblob(32)", "UPDATE user SET role = 'king'",
      "PRAGMA foreign_keys = OFF; UPDATE api_key SET project = 'No Id'",
    ])
  func damaged(sql: String) throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    _ = try test.store.addKey(.write, project: project)
    _ = try test.store.addClient(project: project)
    _ = try test.store.addUser(email: "a@b", role: .owner)
    let token = try test.store.addEnrolmentToken(projects: [project], pins: [])
    let key = try SigningKey.generate().key
    _ = try test.store.enrol(token: token.digest, key: key.verifyingKey, name: "c")
    try test.database().execute(script: sql)
    do {
      try test.reopen()
      Issue.record("opened")
    } catch {
      #expect((error as? TenancyError)?.code == .damaged)
    }
  }

  @Test("a file of a newer program is left alone")
  func newer() throws {
    let test = try TestStore()
    try test.database().execute(script: "PRAGMA user_version = 99")
    do {
      try test.reopen()
      Issue.record("opened")
    } catch {
      #expect((error as? TenancyError)?.code == .newerSchema)
    }
  }

  @Test("requests read a whole snapshot while changes are made")
  func concurrentReaders() async throws {
    let test = try TestStore()
    let project = try test.store.addProject(name: "Acme").id
    let text = try test.store.addKey(.write, project: project).secret.text
    let board = test.store.board
    async let readers: Void = withTaskGroup(of: Int64.self) { group in
      for _ in 0..<4 {
        group.addTask {
          var last: Int64 = 0
          for _ in 0..<2000 {
            let snapshot = board.current
            #expect(snapshot.generation >= last)
            #expect(snapshot.grant(key: text) != nil)
            last = snapshot.generation
          }
          return last
        }
      }
    }
    for _ in 0..<20 { _ = try test.store.addKey(.read, project: project) }
    await readers
  }
}
