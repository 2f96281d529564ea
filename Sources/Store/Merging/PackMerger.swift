import Batches
import Compression
import Events
import Platform
import Sections
import Synchronization

/// Merges packs in the background, one merge at a time, on a thread of its own that stands behind all
/// others: the inputs stay what answers are made of until the result is on disk and named.
actor PackMerger {
  private let worker: Worker
  let hot: HotTier
  private let writer: StoreWriter
  let packs: PackFolder
  private let clock: any Clock
  private let counters: StoreCounters
  private let configuration: Store.Configuration
  private let compressor = ZstdCompressor()
  private let decompressor = ZstdDecompressor()
  private var isMerging = false
  private var isPolite = false

  /// What is read while merging does not drive out what questions need.
  private static let cacheBytes = 8 << 20

  init(
    _ configuration: Store.Configuration, worker: Worker, hot: HotTier, writer: StoreWriter,
    packs: PackFolder, counters: StoreCounters, clock: any Clock
  ) {
    self.configuration = configuration
    self.worker = worker
    self.hot = hot
    self.writer = writer
    self.packs = packs
    self.counters = counters
    self.clock = clock
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

  /// Does what is due, and nobody waits for it: what fails is met again when the store is tended.
  nonisolated func mergeSoon() {
    Task(executorPreference: worker) { [self] in
      while (try? await mergeNext()) ?? false {}
    }
  }

  /// Does the merge that is due, if any; returns whether there was one. Nothing happens while another is
  /// under way. Whatever goes wrong leaves the inputs as they were.
  func mergeNext() async throws(StoreError) -> Bool {
    if isMerging { return false }
    guard let job = MergePlan.next(packs.catalogue.facts(fixed: fixed), now: clock.wallMilliseconds)
    else { return false }
    let inputs = job.inputs.compactMap { packs.catalogue.pack($0) }
    return try await merge(job, dropping: droppings(of: inputs))
  }

  /// Packs with a section that cannot be read: they may be mended, or copied back.
  var fixed: Set<UInt64> {
    var fixed: Set<UInt64> = []
    for section in hot.all.lazy.flatMap(\.sealed) where section.reasonAside != nil {
      fixed.insert(section.pack.header.number)
    }
    return fixed
  }

  /// Writes these packs anew as the job says, without the rows that `dropping` names.
  func merge(
    _ job: MergePlan.Job, dropping: [ShareKey: RowDropping]
  ) async throws(StoreError) -> Bool {
    if isMerging { return false }
    isMerging = true
    defer { isMerging = false }
    if !isPolite {
      BackgroundThread.yieldToOthers()
      isPolite = true
    }
    let inputs = job.inputs.compactMap { packs.catalogue.pack($0) }
    guard inputs.count == job.inputs.count, hasRoom(for: inputs) else { return false }
    configuration.reached?(.mergeBegun)
    let outputs = outputs(of: inputs, job)
    let headers = try await writer.nextPacks(outputs.count)
    do {
      let merged = try write(outputs, inputs, job, headers, dropping)
      try await writer.replace(inputs, by: merged)
      count(inputs, merged)
      return true
    } catch {
      // As with a seal: a commit that failed may count at the next start.
      if await !writer.hasFailed {
        for header in headers { packs.removeUnfinished(header.number) }
      }
      counters.merges.failed.add(1, ordering: .relaxed)
      if error as? PackMergeProblem == .overtaken { return false }
      if case .section(let problem)? = error as? PackMergeProblem {
        try await setAsideDamaged(inputs, problem)
        return false
      }
      throw Sealer.problem(error)
    }
  }

  /// Whether the disk takes the result beside the inputs, and leaves intake its reserve.
  private func hasRoom(for inputs: [Pack]) -> Bool {
    let folder = packs.directory.path
    // A disk that does not tell is tried.
    guard let free = (try? configuration.disk.fileSystem(of: folder))?.freeBytes else {
      return true
    }
    return free > Self.bytes(inputs) + 2 * configuration.minimumFreeBytes
  }

  // MARK: Writing

  private struct Output {
    var keys: [ShareKey] = []
  }

  private func outputs(of inputs: [Pack], _ job: MergePlan.Job) -> [Output] {
    let keys = Set(inputs.flatMap(\.index.sections).map { ShareKey($0.project, $0.window) })
    let own = keys.intersection(job.own)
    let rest = keys.subtracting(own).sorted {
      $0.project.text != $1.project.text
        ? $0.project.text < $1.project.text : $0.window < $1.window
    }
    var outputs = job.own.filter(own.contains).map { Output(keys: [$0]) }
    // Also where nothing is left: whoever replaces a pack says so in a file.
    if !rest.isEmpty || outputs.isEmpty { outputs.append(Output(keys: rest)) }
    return outputs
  }

  private func write(
    _ outputs: [Output], _ inputs: [Pack], _ job: MergePlan.Job, _ headers: [PackIndex.Header],
    _ dropping: [ShareKey: RowDropping]
  ) throws -> [Pack] {
    var sections: [ShareKey: [(pack: Pack, number: Int)]] = [:]
    for pack in inputs {
      for (number, section) in pack.index.sections.enumerated() {
        sections[ShareKey(section.project, section.window), default: []].append((pack, number))
      }
    }
    let arrivals = inputs.map(\.facts.arrival)
    let merged = PackIndex.Merged(
      level: job.level,
      arrival: (arrivals.map(\.lowerBound).min() ?? 0)...(arrivals.map(\.upperBound).max() ?? 0),
      companions: headers.map(\.number))
    let throttle = Throttle(bytesPerSecond: configuration.mergeBytesPerSecond)
    let cache = ExtentCache(maximumBytes: Self.cacheBytes)
    for (output, header) in zip(outputs, headers) {
      var writer = try packs.begin(header)
      for key in output.keys {
        try add(
          sections[key] ?? [], key, dropping[key], to: &writer, cache, throttle)
        configuration.reached?(.mergeSectionWritten)
      }
      writer.describe(merged)
      try complete(writer, replacing: inputs)
      configuration.reached?(.mergeFileComplete)
    }
    // All together, as far as a file system goes: the next start takes all of them or none.
    var packs: [Pack] = []
    for header in headers {
      try self.packs.publish(header.number)
      configuration.reached?(.mergeFilePublished)
      packs.append(try self.packs.open(header.number))
    }
    return packs
  }

  private func complete(
    _ writer: consuming PackWriter, replacing inputs: [Pack]
  ) throws(PackProblem) {
    let projects = writer.projects
    var sealed: [ProjectID: Int64] = [:]
    var secrets: [ProjectID: [UInt8]] = [:]
    for pack in inputs {
      for (project, last) in pack.index.sealed where projects.contains(project) {
        sealed[project] = max(sealed[project] ?? last, last)
      }
      for (project, secret) in pack.index.secrets where projects.contains(project) {
        secrets[project] = secret
      }
    }
    _ = try writer.complete(
      sealed: sealed, replaced: inputs.map(\.header.number), secrets: secrets)
  }

  private func add(
    _ sections: [(pack: Pack, number: Int)], _ key: ShareKey, _ dropping: RowDropping?,
    to writer: inout PackWriter, _ cache: ExtentCache, _ throttle: Throttle
  ) throws {
    if sections.count == 1, dropping == nil {
      try writer.copy(sections[0].number, of: sections[0].pack, throttle)
      return
    }
    guard let secret = hot.existing(key.project)?.secret else { throw PackMergeProblem.overtaken }
    let sink = PackSink(writer.output, throttle)
    do throws(SectionProblem) {
      var merge = StreamedMerge(
        project: key.project, window: key.window, secret: secret, dropping: dropping ?? .nothing)
      for (pack, number) in sections {
        let section = try Self.section(number, of: pack, cache)
        throttle.spend(pack.index.sections[number].byteCount)
        try merge.add(section)
      }
      let merged = try merge.finish(into: sink, compressor, decompressor)
      let before = sections.reduce(0) { $0 + $1.pack.index.sections[$1.number].rowCount }
      counters.merges.rowsExpired.add(before - (merged?.rowCount ?? 0), ordering: .relaxed)
      guard let directory = merged else { return }
      guard dropping != nil || directory.rowCount == before else { throw .directory("rows") }
      do throws(PackProblem) { try writer.add(directory, from: sink) } catch {
        throw .directory("\(error)")
      }
    } catch {
      if let problem = sink.problem { throw PackMergeProblem.pack(problem) }
      throw PackMergeProblem.section(error)
    }
  }

  /// A section for this merge alone: what it keeps goes with it.
  private static func section(
    _ number: Int, of pack: Pack, _ cache: ExtentCache
  ) throws(SectionProblem) -> Section {
    let section = try pack.section(number, through: cache)
    guard pack.index.sections[number].isPacked else { return section }
    return try Section(
      section.directory, source: MemoryExtents(try pack.extents(ofPacked: number)))
  }

  // MARK: Afterwards

  /// Finds the sections that made a merge fail, each by merging it alone into nothing.
  private func setAsideDamaged(
    _ inputs: [Pack], _ problem: SectionProblem
  ) async throws(StoreError) {
    let numbers = Set(inputs.map(\.header.number))
    for project in hot.all {
      for section in project.sealed where numbers.contains(section.pack.header.number) {
        guard section.reasonAside == nil, let found = self.problem(of: section, project.secret)
        else { continue }
        section.setAside("\(found)")
        project.forgetSnapshot()
        try await writer.note(damaged: [section])
      }
    }
  }

  private func problem(of section: SealedSection, _ secret: ProjectSecret) -> SectionProblem? {
    do throws(SectionProblem) {
      var merge = StreamedMerge(
        project: section.place.project, window: section.place.window, secret: secret)
      try merge.add(
        try Self.section(
          section.number, of: section.pack, ExtentCache(maximumBytes: Self.cacheBytes)))
      _ = try merge.finish(into: Nowhere(), compressor, decompressor)
      return nil
    } catch { return error }
  }

  private func count(_ inputs: [Pack], _ merged: [Pack]) {
    let counters = counters
    let (read, written) = (Self.bytes(inputs), Self.bytes(merged))
    let rows = merged.lazy.flatMap(\.index.sections).reduce(0) { $0 + $1.rowCount }
    counters.merges.done.add(1, ordering: .relaxed)
    counters.merges.packsReplaced.add(inputs.count, ordering: .relaxed)
    counters.merges.packsWritten.add(merged.count, ordering: .relaxed)
    counters.merges.bytesRead.add(read, ordering: .relaxed)
    counters.merges.bytesWritten.add(written, ordering: .relaxed)
    counters.merges.rows.add(rows, ordering: .relaxed)
  }

  private static func bytes(_ packs: [Pack]) -> Int {
    packs.lazy.flatMap(\.index.sections).reduce(0) { $0 + $1.byteCount }
  }
}

/// Forgets what it gets.
private final class Nowhere: ExtentSink {
  func append(_ bytes: Span<UInt8>) {}
}
