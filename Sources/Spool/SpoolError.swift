/// Why the spool did not do what it was asked.
package enum SpoolError: Error, Equatable, Sendable {
  /// There is no room for these events now; nothing of them was kept. Answer 503 with Retry-After.
  case full(retryAfter: Duration)
  /// The disk has failed again and again: what is kept is shipped, and nothing new is taken for now.
  /// Answer 503 with Retry-After.
  case draining(retryAfter: Duration)
  /// The spool is closing; nothing was kept.
  case stopping
  /// The disk failed. Nothing is promised about these events, and nothing is taken any more: the
  /// program must end without closing the spool, and start again.
  case failed(String)
  /// Another process has this spool open; its number, if it left one.
  case locked(by: Int32?)
  /// The folder lies on a network file system, whose locks and syncs promise too little.
  case networkFileSystem(String)
  /// The spool was written by a newer program, and has not been touched.
  case newerSchema(found: Int, known: Int)
}
