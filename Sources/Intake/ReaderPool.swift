internal import Dialects
internal import Events
import Synchronization

/// The readers of request bodies, with the memory that they keep. A request is read without a
/// pause, so there are never more of them than threads that read.
final class ReaderPool: Sendable {
  /// One reader. It belongs to whoever took it.
  private final class Box: @unchecked Sendable {
    // SAFETY: a box is either in the pool, behind its lock, or with the one caller that took it out.
    var reader: DialectReader
    init(_ ids: EventIDSource) { reader = DialectReader(ids: ids) }
  }

  private let idle = Mutex<[Box]>([])
  private let ids: EventIDSource

  init(ids: EventIDSource) { self.ids = ids }

  /// Reads a body into events and rejections.
  func read(
    _ body: Span<UInt8>, on route: Route, _ context: RequestContext, into events: inout EventList,
    _ rejections: inout [Rejection]
  ) throws(DialectRefusal) -> Dialect {
    let box = idle.withLock { $0.popLast() } ?? Box(ids)
    defer { idle.withLock { $0.append(box) } }
    return try box.reader.read(body, on: route, context, into: &events, &rejections)
  }
}
