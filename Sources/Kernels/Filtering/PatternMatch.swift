import Patterns
private import Synchronization

/// A pattern as all threads of a question share it: what one has learnt about it serves whoever is
/// next.
final class PatternMatch: Sendable {
  /// One thread's use of the pattern.
  ///
  /// Unchecked: between `take` and `giveBack` only whoever took it has it.
  final class Use: @unchecked Sendable {
    private var matcher: Matcher

    fileprivate init(_ pattern: CompiledPattern) { matcher = Matcher(pattern) }

    func matches(_ text: Span<UInt8>) -> Bool { matcher.matches(text) }
  }

  private let pattern: CompiledPattern
  /// No more of them than threads.
  private let idle = Mutex<[Use]>([])

  init(_ pattern: CompiledPattern) { self.pattern = pattern }

  func take() -> Use { idle.withLock { $0.popLast() } ?? Use(pattern) }

  func giveBack(_ use: Use) { idle.withLock { $0.append(use) } }
}
