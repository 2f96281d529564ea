import Query
package import Sections

/// Where questions about people are answered: a snapshot, the threads, and what may be spent.
package struct FlowKernels: Sendable {
  let snapshot: Snapshot
  let threads: KernelThreads
  let budget: Budget

  package init(_ snapshot: Snapshot, on threads: KernelThreads, within budget: Budget) {
    self.snapshot = snapshot
    self.threads = threads
    self.budget = budget
  }

  /// Asks all people, a range of them at a time. Each thread makes a task of its own, lets it look at
  /// ranges until there are none left, and hands back what came of it. `lookAtNobody` is for the rows
  /// of a section that nobody is known to have made, where a question counts these as well.
  func run<Task: FlowTask>(
    _ source: FlowSource, ofNobody sections: Int = 0,
    _ make: @escaping @Sendable (FlowReader) -> Task,
    _ lookAtNobody: @escaping @Sendable (Task, Int) throws(KernelFailure) -> Void = { _, _ in }
  ) async throws(KernelFailure) -> [Task.Output] {
    let size = source.peopleOfStep(threads: threads.count)
    let count = source.people.count
    let ranges = (count + size - 1) / size
    return try await threads.run(steps: ranges + sections, within: budget) {
      steps throws(KernelFailure) in
      try source.lend(steps) { reader throws(KernelFailure) in
        let task = make(reader)
        while let step = try steps.next() {
          if step < ranges {
            try task.look(at: step * size..<min(count, (step + 1) * size))
          } else {
            try lookAtNobody(task, step - ranges)
          }
          try steps.check(bytes: task.byteCount + source.numbers.byteCount)
        }
        return task.finish()
      }
    }
  }
}

extension KernelFailure {
  /// Marks what a question itself is wrong about.
  static func asking<Result>(
    _ body: () throws(QueryError) -> Result
  ) throws(KernelFailure) -> Result {
    do { return try body() } catch { throw .question(error) }
  }
}

/// One thread's part of a question about people.
protocol FlowTask: AnyObject, SendableMetatype {
  associatedtype Output: Sendable

  /// About what it holds.
  var byteCount: Int { get }
  func look(at people: Range<Int>) throws(KernelFailure)
  func finish() -> Output
}

extension FlowSource {
  /// Lends a reader for one thread.
  func lend<Output>(
    _ steps: Steps, _ body: (FlowReader) throws(KernelFailure) -> Output
  ) throws(KernelFailure) -> Output {
    let (people, isTangled) = (people, isTangled)
    return try unsafe people.firstRuns.withUnsafeBufferPointer {
      firstRuns throws(KernelFailure) in
      try unsafe people.runs.withUnsafeBufferPointer { runs throws(KernelFailure) in
        try unsafe isTangled.withUnsafeBufferPointer {
          isTangled throws(KernelFailure) in
          // Without people nothing is read: any address will do.
          guard let first = firstRuns.baseAddress else { preconditionFailure("no end of runs") }
          let none = unsafe UnsafeRawPointer(first)
          let reader = unsafe FlowReader(
            self, steps, first,
            runs.baseAddress ?? none.assumingMemoryBound(to: PersonDirectory.Run.self),
            isTangled.baseAddress ?? none.assumingMemoryBound(to: Bool.self))
          return try body(reader)
        }
      }
    }
  }
}
