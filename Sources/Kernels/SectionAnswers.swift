import Events
package import Platform
import Query
import Sections

/// Answers questions from the sections of a snapshot.
package struct SectionAnswers: Sendable {
  /// What to do about a section that cannot be read.
  package enum Policy: Sendable {
    /// Say so, and give no answer.
    case refuse
    /// Answer from all others, and name it beside the answer.
    case leaveOut
  }

  let threads: KernelThreads
  let clock: any Clock
  let policy: Policy

  package init(_ threads: KernelThreads, clock: any Clock, onDamage policy: Policy = .refuse) {
    self.threads = threads
    self.clock = clock
    self.policy = policy
  }
}

/// An answer, and what it does not know.
package struct Sighted<Content: Sendable>: Sendable {
  package let answer: Content
  package let missing: [MissingSection]
}

/// What one attempt at an answer works with.
struct Attempt: Sendable {
  let snapshot: Snapshot
  let threads: KernelThreads
  let budget: Budget

  var sections: [Section] { snapshot.sections }

  /// Runs `work` on a thread of the questions.
  func once<Output: Sendable>(
    _ work: @escaping @Sendable () throws(KernelFailure) -> Output
  ) async throws(KernelFailure) -> Output {
    try await threads.once(within: budget, work)
  }

  /// The people of the snapshot.
  func ordinals(everyone: Bool) async throws(KernelFailure) -> PersonOrdinals {
    let snapshot = snapshot
    try await prepareFacts()
    return try await once { () throws(KernelFailure) in
      do { return try snapshot.ordinals(everyone: everyone) } catch {
        throw .question(.unreadable("\(error)"))
      }
    }
  }

  /// Derives from single sections, on all threads, what is then put together.
  func prepareFacts() async throws(KernelFailure) {
    let sections = sections
    _ = try await threads.run(steps: sections.count, within: budget) {
      steps throws(KernelFailure) in
      while let number = try steps.next() {
        try KernelFailure.naming(number) { () throws(SectionProblem) in
          _ = try sections[number].facts()
        }
      }
    }
  }
}

extension SectionAnswers {
  /// Asks again without the sections that turned out to be damaged, until none is left that is: an
  /// answer that has counted some rows of a section would be neither with it nor without.
  func seeing<Content: Sendable>(
    _ snapshot: Snapshot, _ limits: Limits,
    _ answer: (Attempt) async throws(KernelFailure) -> Content
  ) async throws(QueryError) -> Sighted<Content> {
    let budget = Budget(limits, clock: clock)
    var numbers = Array(snapshot.sections.indices)
    var missing: [MissingSection] = []
    while true {
      let seen =
        missing.isEmpty
        ? snapshot
        : Snapshot(
          numbers.map { snapshot.sections[$0] }, of: snapshot.secret, missing: snapshot.missing,
          joined: snapshot.joined)
      do throws(KernelFailure) {
        let content = try await answer(
          Attempt(snapshot: seen, threads: threads, budget: budget))
        return Sighted(answer: content, missing: missing)
      } catch {
        switch error {
        case .question(let problem): throw problem
        case .section(let place, let problem):
          let number = numbers.remove(at: place)
          let directory = snapshot.sections[number].directory
          snapshot.tell(problem, of: snapshot.sections[number])
          guard policy == .leaveOut else {
            throw .unreadable(
              "section \(number) of \(directory.project.text), month \(directory.window.code): "
                + "\(problem)")
          }
          missing.append(
            MissingSection(
              number: number, window: directory.window, rowCount: directory.rowCount,
              problem: problem))
        }
      }
    }
  }
}
