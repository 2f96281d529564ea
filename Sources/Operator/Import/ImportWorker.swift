import Platform

/// A thread that reads, parses and packs blocks, and has what is full sent.
actor ImportWorker {
  private let worker: Worker
  private let reader: ImportReader
  private let loop: EventLoop

  init(
    name: String, loop: EventLoop, _ projects: ImportProjects, _ packing: ImportPacking,
    book: ImportBook, rejected: RejectedLines?
  ) {
    worker = Worker(name: name)
    self.loop = loop
    reader = ImportReader(
      projects, packing, book: book, rejected: rejected, clock: SystemClock(timers: loop))
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe worker.asUnownedSerialExecutor()  // SAFETY: stored, so it outlives the actor.
  }

  /// Works until the source is at its end, or stopped, and all that was sent is settled.
  func run(_ source: ImportSource, _ sender: ImportSender) async throws {
    var buffer: [UInt8] = []
    try await withThrowingTaskGroup(of: Bool.self) { group in
      var onTheirWay = 0
      var isAtEnd = false
      while !isAtEnd {
        for parcel in try gather(source, &buffer, &isAtEnd) {
          if onTheirWay == ImportSender.window {
            _ = try await group.next()
            onTheirWay -= 1
          }
          group.addTask(executorPreference: loop) { try await sender.deliver(parcel) }
          onTheirWay += 1
        }
      }
      try await group.waitForAll()
    }
  }

  /// The next parcels; often none.
  private func gather(
    _ source: ImportSource, _ buffer: inout [UInt8], _ isAtEnd: inout Bool
  ) throws(ImportFailure) -> [ImportParcel] {
    let next: ImportSource.Next
    do { next = try source.next(into: &buffer) } catch { throw .unreadable(error) }
    switch next {
    case .block(let block): return try reader.read(block, buffer)
    case .idle: return try reader.packAll()
    case .end:
      isAtEnd = true
      // Who stops an import wants it to end: what is gathered is read again the next time.
      return source.hasStopped ? [] : try reader.packAll()
    }
  }
}
