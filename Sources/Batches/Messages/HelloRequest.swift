package import Events
private import JSON

/// A collector that starts, or comes back, says what it is and how far it got.
package struct HelloRequest: Equatable, Sendable {
  package var nonce: [UInt8]
  package var audience: StoreID
  package var collector: CollectorID
  package var program: String
  /// The batch formats that it can write.
  package var versions: ClosedRange<UInt16>
  package var features: [String]
  /// Its clocks (RELIABILITY B9): from these the aggregator measures its error for this boot.
  package var created: BatchHeader.Created
  package var positions: [Position]

  /// How far one epoch of one project is.
  package struct Position: Equatable, Sendable {
    package var epoch: Epoch
    package var project: ProjectID
    /// The last number that was sealed and the last sequence that was given; 0 is none.
    package var lastNumber: UInt64
    package var lastSequence: UInt64
    /// What the aggregator has said so far.
    package var durableThrough: UInt64
    package var safeThrough: UInt64

    package init(
      epoch: Epoch, project: ProjectID, lastNumber: UInt64, lastSequence: UInt64,
      durableThrough: UInt64, safeThrough: UInt64
    ) {
      self.epoch = epoch
      self.project = project
      self.lastNumber = lastNumber
      self.lastSequence = lastSequence
      self.durableThrough = durableThrough
      self.safeThrough = safeThrough
    }
  }

  package init(
    nonce: [UInt8], audience: StoreID, collector: CollectorID, program: String,
    versions: ClosedRange<UInt16> = BatchHeader.version...BatchHeader.version,
    features: [String] = [], created: BatchHeader.Created, positions: [Position]
  ) {
    self.nonce = nonce
    self.audience = audience
    self.collector = collector
    self.program = program
    self.versions = versions
    self.features = features
    self.created = created
    self.positions = positions
  }
}

extension HelloRequest {
  package func encode() -> [UInt8] {
    JSONWriter.object { writer in
      writer.field("nonce", bytes: nonce)
      writer.field("store_uuid", audience.description)
      writer.field("collector_id", collector.description)
      writer.field("program", program)
      writer.field("versions", [versions.lowerBound, versions.upperBound]) { $0.integer($1) }
      writer.field("features", features) { $0.string($1) }
      writer.field("wall_time", created.wallMilliseconds)
      writer.field("boot_id", created.boot.description)
      writer.field("monotonic_time", created.monotonicMilliseconds)
      writer.field("positions", positions) { $1.write(to: &$0) }
    }
  }

  package init(decoding bytes: Span<UInt8>) throws(MessageProblem) {
    let fields = try MessageFields(parsing: bytes)
    nonce = try fields.bytes("nonce", count: Challenge.nonceByteCount)
    audience = try fields.parsed("store_uuid")
    collector = try fields.parsed("collector_id")
    program = try fields.text("program")
    versions = try fields.versions("versions")
    features = try fields.texts("features")
    created = BatchHeader.Created(
      wallMilliseconds: try fields.integer("wall_time"), boot: try fields.parsed("boot_id"),
      monotonicMilliseconds: try fields.count("monotonic_time"))
    positions = try fields.objects("positions") { (fields) throws(MessageProblem) in
      try Position(fields)
    }
  }
}

extension HelloRequest.Position {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("epoch", epoch.description)
      writer.field("project_id", project.text)
      writer.field("last_number", lastNumber)
      writer.field("last_sequence", lastSequence)
      writer.field("durable_through", durableThrough)
      writer.field("safe_through", safeThrough)
    }
  }

  fileprivate init(_ fields: MessageFields) throws(MessageProblem) {
    epoch = try fields.parsed("epoch")
    project = try fields.project("project_id")
    lastNumber = try fields.count("last_number")
    lastSequence = try fields.count("last_sequence")
    durableThrough = try fields.count("durable_through")
    safeThrough = try fields.count("safe_through")
  }
}

extension MessageFields {
  /// Two numbers, the lowest and the highest.
  func versions(_ key: String) throws(MessageProblem) -> ClosedRange<UInt16> {
    let numbers = try integers(key).compactMap { UInt16(exactly: $0) }
    guard numbers.count == 2, numbers[0] <= numbers[1] else { throw problem(key) }
    return numbers[0]...numbers[1]
  }
}
