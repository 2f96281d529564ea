import Events
import Glibc
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Store

/// Many projects that have few events each. `TRIBUTARY_SMALL_PROJECTS=10000,30,100` says how many, for how
/// many days, and how many events a day.
@Suite("Many small projects") struct SmallProjectsTests {
  private static let size: [Int] = {
    guard let text = unsafe getenv("TRIBUTARY_SMALL_PROJECTS") else { return [1_000, 9, 3] }
    return unsafe String(cString: text).split(separator: ",").compactMap { Int($0) }
  }()

  @Test("they share packs, which merges keep few, and each has its events")
  func share() async throws {
    let world = MergingStore()
    let named = Synchronized<ContinuousClock.Instant?>(nil)
    let shown = Synchronized<[Duration]>([])
    let store = try await world.open(grace: .zero) { step in
      if step == .mergeNamed { named.value = .now }
      guard step == .mergeShown, let since = named.value else { return }
      shown.update { $0.append(.now - since) }
    }
    let projects = try (0..<Self.size[0]).map { try ProjectID("small-\($0)") }
    var seals = Duration.zero
    var merges = Duration.zero
    for day in 0..<Self.size[1] {
      for group in stride(from: 0, to: projects.count, by: 1_000) {
        let batches = try projects[group..<min(group + 1_000, projects.count)].map { project in
          try batch(events(day, Self.size[2]), project: project)
        }
        for result in await store.commit(together: batches) { _ = try result.get() }
      }
      let start = ContinuousClock.now
      _ = try await store.seal()
      let end = ContinuousClock.now
      seals += end - start
      while try await store.merge() {}
      merges += .now - end
      // A holder of sections keeps their files for one more round.
      _ = try await store.unlinkRetired()
    }
    _ = try await store.unlinkRetired()
    let files = try world.files()
    print(
      """
      \(Self.size[0]) projects, \(Self.size[1]) days of \(Self.size[2]) events: \(files.count) files, \
      \(Self.residentKilobytes) KiB resident, seals \(seals), merges \(merges), shown within \
      \(shown.value.map { $0 / .milliseconds(1) }) ms
      """)
    #expect(files.count <= 7 * 3 + 1)
    #expect(shown.value.count >= Self.size[1] / 8)
    for project in [projects[0], projects[projects.count / 2], projects[projects.count - 1]] {
      #expect(try await store.ids(of: project).count == Self.size[1] * Self.size[2])
    }
  }

  private func events(_ day: Int, _ count: Int) -> [Event] {
    (0..<count).map { number in
      let cts = 1_800_000_000_000 + Int64(day) * 86_400_000 + Int64(number)
      var event = event(UInt64(number), says: "\(number % 10)", cts: cts)
      event.id = id(UInt64(day * count + number), milliseconds: cts)
      return event
    }
  }

  private static var residentKilobytes: Int {
    guard let bytes = try? SystemDisk().read("/proc/self/status", count: 8_192, at: 0) else {
      return 0
    }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix("VmRSS:") {
      return line.split(separator: " ").lazy.compactMap { Int($0) }.first ?? 0
    }
    return 0
  }
}
