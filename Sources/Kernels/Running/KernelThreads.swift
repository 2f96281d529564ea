import Platform
import Query
import Synchronization

/// The threads that questions run on: a fixed few, made at start, so that a question takes no thread
/// from whoever waits for sockets.
package final class KernelThreads: Sendable {
  private let workers: [Worker]

  package var count: Int { workers.count }

  package init(count: Int) {
    precondition(count > 0, "no threads for questions")
    workers = (0..<count).map { Worker(name: "question-\($0)") }
  }

  /// Calls `work` on each thread, which takes steps until there are none left; what the calls return
  /// comes in the order of threads. The first failure ends all of them.
  package func run<Output: Sendable>(
    steps count: Int, within budget: Budget,
    _ work: @escaping @Sendable (Steps) throws(KernelFailure) -> Output
  ) async throws(KernelFailure) -> [Output] {
    let steps = Steps(count: count, budget: budget)
    let results: [Result<Output, KernelFailure>] = await withTaskGroup { group in
      for (number, worker) in workers.enumerated() where number < max(count, 1) {
        group.addTask(executorPreference: worker) {
          let result: Result<Output, KernelFailure>
          do throws(KernelFailure) { result = .success(try work(steps)) } catch {
            steps.stop()
            result = .failure(error)
          }
          return (number, result)
        }
      }
      var results: [(Int, Result<Output, KernelFailure>)] = []
      for await result in group { results.append(result) }
      return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
    var outputs: [Output] = []
    for result in results { outputs.append(try result.get()) }
    if Task.isCancelled { throw .question(.cancelled) }
    return outputs
  }
}

extension KernelThreads {
  /// Calls `work` once, on one of the threads.
  func once<Output: Sendable>(
    within budget: Budget, _ work: @escaping @Sendable () throws(KernelFailure) -> Output
  ) async throws(KernelFailure) -> Output {
    let outputs = try await run(steps: 1, within: budget) {
      steps throws(KernelFailure) -> Output? in
      try steps.next() == nil ? nil : try work()
    }
    guard let output = outputs.first, let output else { throw .question(.cancelled) }
    return output
  }
}

/// The numbers of the steps that are still to do, handed to whichever thread asks first.
package final class Steps: Sendable {
  private let taken = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)
  private let count: Int
  private let budget: Budget

  init(count: Int, budget: Budget) {
    self.count = count
    self.budget = budget
  }

  /// The next step; nil when all are taken. Throws once the question has run for too long or nobody
  /// waits for it any more.
  package func next() throws(KernelFailure) -> Int? {
    if isStopped.load(ordering: .relaxed) { return nil }
    try check()
    let step = taken.add(1, ordering: .relaxed).oldValue
    return step < count ? step : nil
  }

  /// For whoever is long at one step: throws as `next` does, and where more is held than may be.
  func check(bytes: Int = 0) throws(KernelFailure) {
    if Task.isCancelled { throw .question(.cancelled) }
    do {
      try budget.check()
      try budget.check(bytes: bytes)
    } catch { throw .question(error) }
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }
}
