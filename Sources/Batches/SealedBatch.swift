package import Compression
package import Crypto
package import Events

/// A batch as it travels and is stored: header, signature, body. Its bytes never change again.
package struct SealedBatch: Equatable, Sendable {
  package let header: BatchHeader
  package let bytes: [UInt8]
  /// SHA-256 of the signed header, and so of everything that the batch says.
  package let digest: Digest

  package var id: BatchID { header.id }

  /// zstd's level. A step up from 3 to 6 saves 1.5 % and costs 0.3 µs an event.
  package static let level = 3

  /// Who sends what to whom.
  package struct Label: Sendable {
    package var audience: StoreID
    package var collector: CollectorID
    package var epoch: Epoch
    package var project: ProjectID
    package var number: UInt64
    package var created: BatchHeader.Created

    package init(
      audience: StoreID, collector: CollectorID, epoch: Epoch, project: ProjectID, number: UInt64,
      created: BatchHeader.Created
    ) {
      self.audience = audience
      self.collector = collector
      self.epoch = epoch
      self.project = project
      self.number = number
      self.created = created
    }
  }

  /// Seals the events from `firstSequence` on.
  package static func seal(
    _ body: BatchBody, firstSequence: UInt64, as label: Label, key: SigningKey,
    compressor: ZstdCompressor
  ) -> SealedBatch {
    let compressed = compressor.compress(body.bytes.span, cuts: body.cuts, level: level)
    return seal(
      compressed: compressed, rows: body.rows, plainBytes: body.bytes.count,
      firstSequence: firstSequence, as: label, key: key)
  }

  /// Seals a body that was encoded and compressed elsewhere, and decoded here.
  package static func seal(
    compressed: [UInt8], rows: Int, plainBytes: Int, firstSequence: UInt64, as label: Label,
    key: SigningKey
  ) -> SealedBatch {
    let content = BatchHeader.Body(
      events: rows, compressedBytes: compressed.count, plainBytes: plainBytes,
      digest: sha256(compressed.span))
    return SealedBatch(
      label, .events(content), firstSequence...(firstSequence + UInt64(rows - 1)), compressed, key)
  }

  /// Seals the news that these sequences will not come.
  package static func seal(
    _ gap: BatchHeader.Gap, sequences: ClosedRange<UInt64>, as label: Label, key: SigningKey
  ) -> SealedBatch {
    SealedBatch(label, .gap(gap), sequences, [], key)
  }

  private init(
    _ label: Label, _ content: BatchHeader.Content, _ sequences: ClosedRange<UInt64>,
    _ body: [UInt8], _ key: SigningKey
  ) {
    header = BatchHeader(
      content: content, audience: label.audience, collector: label.collector,
      key: KeyID(of: key.verifyingKey), epoch: label.epoch, project: label.project,
      number: label.number, sequences: sequences, created: label.created)
    let encoded = header.encode()
    digest = sha256(encoded.span)
    bytes = encoded + key.sign(BatchEnvelope.signed(encoded.span)) + body
  }
}

extension KeyID {
  package init(of key: VerifyingKey) {
    let words = key.fingerprint.words
    self.init(high: words.0, low: words.1)
  }
}
