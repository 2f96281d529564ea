private import CLinux
import Synchronization

/// The seam to chance: a generator that can be shared, so that a simulation can seed the world.
package protocol RandomSource: Sendable {
  func next() -> UInt64
}

/// The kernel's generator, a page at a time. Good for keys too.
package final class SystemRandom: RandomSource {
  private let pool = Mutex<[UInt64]>([])

  package init() {}

  package func next() -> UInt64 {
    pool.withLock { pool in
      if pool.isEmpty { pool = Self.words(64) }
      return pool.removeLast()
    }
  }

  private static func words(_ count: Int) -> [UInt64] {
    unsafe [UInt64](unsafeUninitializedCapacity: count) { buffer, filled in
      // SAFETY: the callee fills exactly the bytes of this buffer.
      unsafe clinux_random_bytes(buffer.baseAddress, count * 8)
      filled = count
    }
  }
}

/// A `RandomSource` where the standard library wants a generator.
package struct RandomGenerator: RandomNumberGenerator {
  private let source: any RandomSource
  package init(_ source: any RandomSource) { self.source = source }
  package mutating func next() -> UInt64 { source.next() }
}

/// SplitMix64: the same seed gives the same world.
package final class SeededRandom: RandomSource {
  private let state: Mutex<UInt64>

  package init(seed: UInt64) { state = Mutex(seed) }

  package func next() -> UInt64 {
    state.withLock { state in
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}
