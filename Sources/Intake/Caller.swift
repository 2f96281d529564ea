internal import Dialects
internal import Events
internal import HTTP
internal import Tenancy

/// Who sends a request: for which project, and whether as an application's server or as somebody's
/// own device.
struct Caller {
  let project: ProjectID
  /// A page or an app without a secret: its address and its user agent are its user's.
  let isPerson: Bool

  /// Finds out before the body is read.
  init(
    of head: borrowing RequestHead, in book: any CredentialBook, anonymous: ProjectID?,
    at now: Int64
  ) throws(IntakeRefusal) {
    let credential = Credential(head.fields, in: book, at: now)
    if case .none = credential {
      guard let anonymous, book.speaks(for: anonymous) else { throw .noKey }
      project = try Self.require(anonymous, of: head)
      isPerson = true
      return
    }
    guard case .found(let grant, let isSecret) = credential else {
      if case .wrongOrigin = credential { throw .wrongOrigin }
      throw .unknownKey
    }
    guard grant.rights.contains(.write) else { throw .mayNotWrite }
    isPerson = !isSecret
    if let own = grant.project {
      project = try Self.require(own, of: head)
      return
    }
    guard let named = head.value(of: "x-project-id") else { throw .noProject }
    guard let known = try? ProjectID(named), book.speaks(for: known) else {  // Nobody's, then.
      throw .wrongProject(named)
    }
    project = known
  }

  /// The credential's project, unless the request names another one.
  private static func require(
    _ project: ProjectID, of head: borrowing RequestHead
  ) throws(IntakeRefusal) -> ProjectID {
    if let named = head.value(of: "x-project-id"), named != project.text {
      throw .wrongProject(named)
    }
    return project
  }
}

/// What a request shows to be let in. What is shown has to be good, also where nothing is asked
/// for.
private enum Credential {
  case none
  case found(Grant, isSecret: Bool)
  case unknown
  case wrongOrigin

  init(_ fields: borrowing FieldSection, in book: any CredentialBook, at now: Int64) {
    if let place = fields.index(of: "x-api-key") {
      let key = fields.bytes.span.extracting(fields.valueRange(at: place))
      self.init(book.grant(forKey: key, at: now))
      return
    }
    if let text = fields.onlyValue(of: "authorization") {
      self.init(Credentials(text), in: book, at: now)
      return
    }
    if fields.contains("authorization") {  // Two that may contradict each other.
      self = .unknown
      return
    }
    for (id, secret) in Self.clientFields {
      guard let place = fields.index(of: id) else { continue }
      self.init(fields, client: fields.valueRange(at: place), secret: secret, in: book, at: now)
      return
    }
    self = .none
  }

  private init(_ grant: Grant?) {
    self = grant.map { .found($0, isSecret: true) } ?? .unknown
  }

  /// A bearer's token is a key. So is the user of Segment's clients, which send no password; with
  /// one they are a client's id and secret.
  private init(_ credentials: Credentials?, in book: any CredentialBook, at now: Int64) {
    switch credentials {
    case .bearer(let token):
      let key = Array(token.utf8)
      self.init(book.grant(forKey: key.span, at: now))
    case .basic(let user, let password):
      let id = Array(user.utf8)
      let secret = Array(password.utf8)
      if secret.isEmpty {
        self.init(book.grant(forKey: id.span, at: now))
      } else {
        self.init(book.grant(forClient: id.span, secret: secret.span, at: now))
      }
    case nil: self = .unknown
    }
  }

  private init(
    _ fields: borrowing FieldSection, client: Range<Int>, secret: StaticString,
    in book: any CredentialBook, at now: Int64
  ) {
    let bytes = fields.bytes.span
    if let place = fields.index(of: secret) {
      let secret = bytes.extracting(fields.valueRange(at: place))
      self.init(book.grant(forClient: bytes.extracting(client), secret: secret, at: now))
      return
    }
    guard let grant = book.grant(forClient: bytes.extracting(client), secret: nil, at: now) else {
      self = .unknown
      return
    }
    // Pages are known by where they come from; what is no page sends no origin.
    if let origin = fields.value(of: "origin"),
      let allowed = book.origins(ofClient: bytes.extracting(client)), !allowed.isEmpty,
      !allowed.contains(origin)
    {
      self = .wrongOrigin
      return
    }
    self = .found(grant, isSecret: false)
  }

  private static let clientFields: [(id: StaticString, secret: StaticString)] = [
    ("event-lens-client-id", "event-lens-client-secret"),
    ("openpanel-client-id", "openpanel-client-secret"),
    ("mixan-client-id", "mixan-client-secret"),
  ]
}
