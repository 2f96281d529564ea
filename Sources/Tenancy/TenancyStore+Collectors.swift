package import Batches
package import Crypto
package import Events
internal import JSON
internal import Platform
internal import SQLite

extension TenancyStore {
  package static var maximumTokenLifetime: Duration { .seconds(86_400) }

  /// Makes a token with which one collector may join, once, within its lifetime.
  ///
  /// - Parameter pins: SHA-256 of the public keys by which the collector will know this aggregator.
  package func addEnrolmentToken(
    projects: [ProjectID], pins: [Digest], lifetime: Duration = maximumTokenLifetime
  ) throws(TenancyError) -> EnrolmentToken {
    guard lifetime > .zero, lifetime <= Self.maximumTokenLifetime else {
      throw TenancyError(.invalid, "an enrolment token lives for at most 24 hours")
    }
    guard !projects.isEmpty, projects.count <= EnrolmentToken.maximumProjectCount,
      pins.count <= EnrolmentToken.maximumPinCount
    else {
      throw TenancyError(
        .invalid, "an enrolment token is for 1 to \(EnrolmentToken.maximumProjectCount) projects")
    }
    for project in projects { try requireProject(project) }
    let token = EnrolmentToken(pins: pins, projects: projects, from: random)
    let now = now
    try change { () throws(SQLiteError) in
      // Tokens that nobody used are of no interest a month after their end.
      try database.withStatement(
        "DELETE FROM enrolment_token WHERE used_at IS NULL AND expires_at < ?"
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, now - 30 * 86_400_000)
        try statement.run()
      }
      try database.withStatement(
        "INSERT INTO enrolment_token (digest, projects, created_at, expires_at) VALUES (?, ?, ?, ?)"
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, copying: token.digest.bytes.span)
        statement.bind(2, jsonText(projects.map(\.text)))
        statement.bind(3, now)
        statement.bind(4, now + lifetime.wholeMilliseconds)
        try statement.run()
      }
    }
    return token
  }

  /// Whether such a token was given out, used and expired ones too.
  package func knows(token digest: Digest) throws(TenancyError) -> Bool {
    try token(digest) != nil
  }

  /// Lets a collector in that showed a token and proved, to the caller, that the key is its own.
  package func enrol(
    token digest: Digest, key: VerifyingKey, name: String
  ) throws(TenancyError) -> Enrolment {
    try checkName(name)
    guard let token = try token(digest) else { return .unknown }
    let holder = snapshot.collectors.values.first { $0.keys.contains { $0.key == key } }
    if let user = token.usedBy {
      guard let holder, holder.id == user, token.usedWith == key.bytes, holder.status == .active
      else { return .used(by: user) }
      return .enrolled(holder, isRepeated: true)
    }
    guard now < token.expires else { return .expired }
    if let holder, holder.key(KeyID(of: key)) == nil {
      return .revoked(holder.id)
    }
    let id = holder?.id ?? CollectorID.random(from: random)
    try change { () throws(SQLiteError) in
      if holder == nil { try insert(id, key, name) }
      for project in token.projects { try insert(project, for: id) }
      try use(digest, by: id, key)
    }
    guard let collector = snapshot.collectors[id] else {
      throw TenancyError(.damaged, "the collector \(id) was written and cannot be found")
    }
    return .enrolled(collector, isRepeated: false)
  }

  /// Shuts a collector out, from its next request on.
  package func revokeCollector(_ id: CollectorID) throws(TenancyError) {
    guard snapshot.collectors[id] != nil else {
      throw TenancyError(.unknownCollector, "there is no collector \(id)")
    }
    let now = now
    try change { () throws(SQLiteError) in
      try database.withStatement(
        "UPDATE collector SET status = 'revoked', revoked_at = ? WHERE id = ? AND status = 'active'"
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, now)
        statement.bind(2, id.description)
        try statement.run()
      }
    }
  }

  // MARK: Rows

  private struct Token {
    let projects: [String]
    let expires: Int64
    let usedBy: CollectorID?
    let usedWith: [UInt8]
  }

  private func token(_ digest: Digest) throws(TenancyError) -> Token? {
    try run { () throws(SQLiteError) in
      try database.withStatement(
        "SELECT projects, expires_at, used_by, used_with FROM enrolment_token WHERE digest = ?"
      ) { (statement) throws(SQLiteError) in
        statement.bind(1, copying: digest.bytes.span)
        guard try statement.step() else { return nil }
        return Token(
          projects: texts(statement.text(0)) ?? [], expires: statement.int64(1),
          usedBy: CollectorID(statement.text(2)), usedWith: statement.blob(3))
      }
    }
  }

  private func insert(
    _ id: CollectorID, _ key: VerifyingKey, _ name: String
  ) throws(SQLiteError) {
    let now = now
    try database.withStatement("INSERT INTO collector (id, name, created_at) VALUES (?, ?, ?)") {
      (statement) throws(SQLiteError) in
      statement.bind(1, id.description)
      statement.bind(2, name)
      statement.bind(3, now)
      try statement.run()
    }
    try database.withStatement(
      "INSERT INTO collector_key (public_key, id, collector, created_at) VALUES (?, ?, ?, ?)"
    ) { (statement) throws(SQLiteError) in
      statement.bind(1, copying: key.bytes.span)
      statement.bind(2, KeyID(of: key).description)
      statement.bind(3, id.description)
      statement.bind(4, now)
      try statement.run()
    }
  }

  private func insert(_ project: String, for id: CollectorID) throws(SQLiteError) {
    try database.withStatement("INSERT OR IGNORE INTO collector_project VALUES (?, ?)") {
      (statement) throws(SQLiteError) in
      statement.bind(1, id.description)
      statement.bind(2, project)
      try statement.run()
    }
  }

  private func use(
    _ token: Digest, by id: CollectorID, _ key: VerifyingKey
  ) throws(SQLiteError) {
    try database.withStatement(
      "UPDATE enrolment_token SET used_at = ?, used_by = ?, used_with = ? WHERE digest = ?"
    ) { (statement) throws(SQLiteError) in
      statement.bind(1, now)
      statement.bind(2, id.description)
      statement.bind(3, copying: key.bytes.span)
      statement.bind(4, copying: token.bytes.span)
      try statement.run()
    }
  }
}

/// The list of texts that a column holds as JSON; nil where it is none.
func texts(_ json: String) -> [String]? {
  guard let elements = (try? JSONValue(parsing: json))?.array else { return nil }  // Nil says it.
  let texts = elements.compactMap(\.string)
  return texts.count == elements.count ? texts : nil
}
