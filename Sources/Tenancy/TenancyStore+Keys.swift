package import Crypto
package import Events
internal import SQLite

extension TenancyStore {
  /// Makes a key. The secret is in the answer and nowhere else: it cannot be shown again.
  ///
  /// - Parameter project: nil for admin keys, and for them alone.
  package func addKey(
    _ scope: KeyScope, project: ProjectID?, name: String = ""
  ) throws(TenancyError) -> (key: APIKey, secret: Secret) {
    guard (project == nil) == (scope == .admin) else {
      throw TenancyError(.invalid, "write and read keys belong to a project, admin keys to none")
    }
    if let project { try requireProject(project) }
    try checkName(name)
    let id = freshName("key_")
    // Prefixes are short, so now and then one is taken.
    var secret = Secret.generate(scope.kind, from: random)
    while snapshot.keys.contains(where: { $0.prefix == secret.prefix }) {
      secret = Secret.generate(scope.kind, from: random)
    }
    let now = now
    try change { () throws(SQLiteError) in
      try database.withStatement(
        """
        INSERT INTO api_key (id, prefix, digest, scope, project, name, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, id)
        statement.bind(2, secret.prefix)
        statement.bind(3, copying: secret.digest.bytes.span)
        statement.bind(4, scope.rawValue)
        statement.bind(5, project?.text)
        statement.bind(6, name)
        statement.bind(7, now)
        try statement.run()
      }
    }
    guard let key = snapshot.keys.first(where: { $0.id == id }) else {
      throw TenancyError(.damaged, "the key \(id) was written and cannot be found")
    }
    return (key, secret)
  }

  /// Ends a key or a client, by its id, for good.
  package func revokeCredential(_ id: String) throws(TenancyError) {
    guard
      snapshot.keys.contains(where: { $0.id == id })
        || snapshot.clients.contains(where: { $0.id == id })
    else { throw TenancyError(.unknownCredential, "there is no key or client \(id)") }
    let now = now
    try change { () throws(SQLiteError) in
      func revoke(_ sql: StaticString) throws(SQLiteError) {
        try database.withStatement(sql) { (statement) throws(SQLiteError) in
          statement.bind(1, now)
          statement.bind(2, id)
          try statement.run()
        }
      }
      try revoke(
        "UPDATE api_key SET status = 'revoked', revoked_at = ? WHERE id = ? AND status = 'active'")
      try revoke(
        "UPDATE client SET status = 'revoked', revoked_at = ? WHERE id = ? AND status = 'active'")
    }
  }

  /// Makes a client: an id for pages, and a secret for servers, which cannot be shown again.
  ///
  /// - Parameter origins: the pages that may use it, such as `https://example.com`; empty for all.
  package func addClient(
    project: ProjectID, name: String = "", origins: [String] = []
  ) throws(TenancyError) -> (client: Client, secret: Secret) {
    try requireProject(project)
    try checkName(name)
    guard origins.count <= 100, origins.allSatisfy({ (1...255).contains($0.utf8.count) }) else {
      throw TenancyError(.invalid, "a client has at most 100 origins of at most 255 bytes")
    }
    let id = freshUUID()
    let secret = Secret.generate(Client.secretKind, from: random)
    let now = now
    try change { () throws(SQLiteError) in
      try database.withStatement(
        "INSERT INTO client (id, project, name, secret, origins, created_at) VALUES (?, ?, ?, ?, ?, ?)"
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, id)
        statement.bind(2, project.text)
        statement.bind(3, name)
        statement.bind(4, copying: secret.digest.bytes.span)
        statement.bind(5, jsonText(origins))
        statement.bind(6, now)
        try statement.run()
      }
    }
    guard let client = snapshot.clients.first(where: { $0.id == id }) else {
      throw TenancyError(.damaged, "the client \(id) was written and cannot be found")
    }
    return (client, secret)
  }

  func checkName(_ name: String) throws(TenancyError) {
    guard name.utf8.count <= 200 else {
      throw TenancyError(.invalid, "a name has at most 200 bytes")
    }
  }

  /// A random UUID (version 4).
  private func freshUUID() -> String {
    var bytes = randomBytes(16, from: random)
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let hex = Array(Hex.encode(bytes.span))
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
      .map { String($0) }.joined(separator: "-")
  }
}
