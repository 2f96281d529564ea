/// The way to one door of the aggregator.
protocol AggregatorLink: Sendable {
  /// What the door is called, for logs.
  var name: String { get }
  func get(_ path: String, timeout: Duration) async -> LinkOutcome
  func post(
    _ path: String, _ contentType: StaticString, _ body: [UInt8], timeout: Duration
  ) async -> LinkOutcome
  /// Lets go of the connections that are kept: the next request makes a new one.
  func reset()
}

/// What came of a request to the aggregator.
enum LinkOutcome: Equatable, Sendable {
  case answer(LinkAnswer)
  /// Nothing that could be believed came back.
  case failed(LinkFailure)
}

/// What matters of an answer.
struct LinkAnswer: Equatable, Sendable {
  var status: Int
  var body: [UInt8] = []
  var retryAfter: String?
  var date: String?
}

/// Why there is no answer.
enum LinkFailure: Error, Equatable, Sendable {
  /// No connection.
  case unreachable(String)
  /// The peer is not known to be the aggregator, or TLS broke.
  case insecure(String)
  case timedOut
  /// The connection ended before the answer was whole.
  case interrupted(String)
  /// What came is no HTTP, or more of it than an answer of ours has.
  case unintelligible(String)
}
