package import Events
package import Kernels
package import Platform
package import Query
package import Sections
package import Store
import SQLite

/// Answers SQL from a store: one statement at a time, on a thread of its own, so that no other question
/// waits for it.
package struct SQLAnswers: Sendable {
  package static let limits = Limits(time: .seconds(60), memoryBytes: 256 << 20)

  private let store: Store
  private let sections: SectionAnswers

  package init(of store: Store, clock: any Clock) {
    self.store = store
    sections = SectionAnswers(KernelThreads(count: 1), clock: clock, onDamage: .leaveOut)
  }

  /// The rows, or what is wrong with the statement.
  package func answer(
    _ question: SQLQuestion, of project: ProjectID, within limits: Limits = Self.limits
  ) async throws(QueryError) -> Result<SQLAnswer, SQLProblem> {
    let snapshot: Snapshot?
    do { snapshot = try await store.snapshot(of: project) } catch {
      throw .unreadable("\(error)")
    }
    let sighted = try await sections.answer(
      question, from: snapshot ?? .ofNothing, within: limits)
    return sighted.answer.map { answer in
      var answer = answer
      answer.missing = (snapshot?.missing ?? []) + sighted.missing.map(\.description)
      return answer
    }
  }
}

extension Snapshot {
  /// What there is of a project that has no events yet. Nothing is hashed with its secret.
  fileprivate static var ofNothing: Snapshot {
    guard let secret = ProjectSecret([UInt8](repeating: 0, count: ProjectSecret.byteCount)) else {
      preconditionFailure("a secret of the right length")
    }
    return Snapshot([], of: secret)
  }
}

extension SectionAnswers {
  package func answer(
    _ question: SQLQuestion, from snapshot: Snapshot, within limits: Limits
  ) async throws(QueryError) -> Sighted<Result<SQLAnswer, SQLProblem>> {
    try await reading(snapshot, within: limits) { snapshot, budget throws(KernelFailure) in
      try question.run(over: snapshot, within: budget)
    }
  }
}

extension SQLQuestion {
  fileprivate func run(
    over snapshot: Snapshot, within budget: Budget
  ) throws(KernelFailure) -> Result<SQLAnswer, SQLProblem> {
    let check = {
      if Task.isCancelled { throw QueryError.cancelled }
      try budget.check()
    }
    var answer = SQLAnswer()
    var bytes = 0
    do {
      let console = try Console(
        over: ["events": EventsTable(snapshot, check: check)], memoryBytes: budget.memoryBytes,
        check: check)
      try console.run(statement) { columns in
        answer.columns = columns
      } row: { row in
        guard answer.rows.count < rowLimit else {
          answer.cut = .rows
          return false
        }
        let values = (0..<row.count).map { row[$0] }
        bytes += values.reduce(0) { $0 + $1.byteCount }
        guard bytes <= SQLAnswer.maximumBytes else {
          answer.cut = .bytes
          return false
        }
        answer.rows.append(values)
        return true
      }
    } catch let problem as ConsoleProblem {
      switch problem {
      case .statement(let message, let place):
        return .failure(SQLProblem(message: message, place: place))
      case .overBudget(let bytes): throw .question(.overBudget(bytes: bytes))
      case .failed(let error as UnreadableSection): throw .section(error.number, error.problem)
      case .failed(let error as QueryError): throw .question(error)
      case .failed(let error): throw .question(.unreadable("\(error)"))
      }
    } catch { throw .question(.unreadable("\(error)")) }
    return .success(answer)
  }
}

extension SQLiteValue {
  /// What it takes in an answer, about.
  fileprivate var byteCount: Int {
    switch self {
    case .null, .integer, .double: 16
    case .text(let text): 16 + text.utf8.count
    case .blob(let bytes): 16 + bytes.count
    }
  }
}
