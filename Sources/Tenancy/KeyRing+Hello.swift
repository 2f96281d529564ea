package import Batches
internal import Events

extension KeyRing {
  /// The ring that a hello delivered. Whoever makes one has checked the reply's signature.
  package init(_ reply: HelloReply) {
    self.init(
      generation: 0, issuedMilliseconds: reply.serverMilliseconds, collector: reply.collector,
      projects: reply.projects.map { project in
        Entry(
          id: project.id, name: project.id.text, isActive: true,
          // A hello names keys by what is public of them.
          keys: project.writeKeys.map { Key(id: $0.prefix, prefix: $0.prefix, digest: $0.digest) },
          clients: project.clients.map {
            Client(id: $0.id, secret: $0.secret, origins: $0.origins)
          })
      })
  }
}
