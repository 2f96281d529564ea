import Batches

/// Why the aggregator's word about ourselves could not be had or believed.
package enum JoiningProblem: Error, Equatable, Sendable {
  case token(String)
  case link(String)
  /// The aggregator said no.
  case refused(status: Int, code: String, message: String)
  /// What came is not what it has to be, or not signed by whom it has to be.
  case unbelievable(String)
  case storage(String)
  case alreadyEnrolled

  /// One sentence for whoever ran the command.
  package var sentence: String {
    switch self {
    case .token(let reason): "the token cannot be used: \(reason)"
    case .link(let reason): "the aggregator cannot be reached: \(reason)"
    case .refused(let status, let code, let message):
      "the aggregator refused (\(status) \(code)): \(message)"
    case .unbelievable(let reason): "the aggregator's answer cannot be believed: \(reason)"
    case .storage(let reason): "the data folder cannot be written: \(reason)"
    case .alreadyEnrolled: "this collector is enrolled already"
    }
  }
}

extension LinkOutcome {
  /// A success's body, or why there is none.
  func body() throws(JoiningProblem) -> [UInt8] {
    switch self {
    case .failed(let failure): throw .link(failure.sentence)
    case .answer(let answer):
      guard answer.status == 200 else {
        let refusal = Refusal(decoding: answer.body.span)
        throw .refused(
          status: answer.status, code: refusal?.code ?? "unknown", message: refusal?.message ?? "")
      }
      return answer.body
    }
  }
}

extension AggregatorLink {
  func challenge(timeout: Duration) async throws(JoiningProblem) -> Challenge {
    let body = try await get("/v1/challenge", timeout: timeout).body()
    do { return try Challenge(decoding: body.span) } catch { throw .unbelievable("\(error)") }
  }
}
