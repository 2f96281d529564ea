import Platform
import Sections
import Synchronization

/// Waiting batches in parts that are laid out together, handed to whichever thread asks first.
final class LayoutParts: Sendable {
  private let parts: [ArraySlice<WaitingBatch>]
  private let taken = Atomic<Int>(0)

  /// `wholePartsFirst`: where there is a part that no batch could join, the last one goes on waiting.
  init(_ batches: [WaitingBatch], mostRows: Int, wholePartsFirst: Bool = false) {
    let parts = Self.split(batches, mostRows: mostRows)
    self.parts = wholePartsFirst && parts.count > 1 ? parts.dropLast() : parts
  }

  /// Batches in their order, with at most so many rows in a part that has several.
  static func split(_ batches: [WaitingBatch], mostRows: Int) -> [ArraySlice<WaitingBatch>] {
    var parts: [ArraySlice<WaitingBatch>] = []
    var start = 0
    var rows = 0
    for index in batches.indices {
      if rows > 0, rows + batches[index].count > mostRows {
        parts.append(batches[start..<index])
        start = index
        rows = 0
      }
      rows += batches[index].count
    }
    if start < batches.count { parts.append(batches[start...]) }
    return parts
  }

  private func next() -> Int? {
    let part = taken.wrappingAdd(1, ordering: .relaxed).oldValue
    return part < parts.count ? part : nil
  }

  /// What becomes of each part, in their order. The first failure ends all of it.
  func layOut(
    by hands: [LayoutHand], of project: ProjectEvents, windows: WindowRule, on worker: Worker
  ) async throws -> [LayoutHand.Output] {
    try await withThrowingTaskGroup(of: [(Int, LayoutHand.Output)].self) { group in
      for hand in hands.prefix(parts.count) {
        group.addTask(executorPreference: worker) { [self] in
          var outputs: [(Int, LayoutHand.Output)] = []
          while let part = next() {
            outputs.append(
              (part, try await hand.layOut(parts[part], of: project, windows: windows)))
          }
          return outputs
        }
      }
      var outputs: [(Int, LayoutHand.Output)] = []
      for try await some in group { outputs += some }
      return outputs.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
