package import Events
import Platform
package import Sections
import Synchronization

extension Store {
  /// Erases a person: everybody who is the same as this id. From here on no answer has anything of it.
  /// What files have of it goes in `carryOutErasures`. Nil for a project that there is not.
  package func erase(
    _ kind: PersonKind, _ id: String, of project: ProjectID
  ) async throws(StoreError) -> PersonErasure? {
    guard let events = hot.existing(project), let snapshot = try await snapshot(of: project) else {
      return nil
    }
    let bytes = Array(id.utf8)
    let person = events.secret.people.hash(kind, bytes.span)
    var highest = Int64.min
    for section in snapshot.sections {
      // What cannot be read has no time that anybody could know.
      guard let runs = try? section.runs(), var times = try? section.times() else { continue }
      for id in snapshot.ids(of: person) {
        guard let run = runs.run(of: id) else { continue }
        highest = max(highest, (try? times.value(at: runs.rows(of: run).upperBound - 1)) ?? .min)
      }
    }
    return try await writer.erase(person, of: events, highest: highest)
  }

  /// Marks people as erased by their hashes, as another life of this store did.
  package func replay(_ erasure: PersonErasure) async throws(StoreError) {
    guard let events = hot.existing(erasure.project) else { return }
    let known = await writer.erased[erasure.project]
    if let known, erasure.ids.allSatisfy({ known.holds($0, at: erasure.until) }) { return }
    _ = try await writer.erase(erasure.ids, of: events, until: erasure.until)
  }

  /// All erasures there were.
  package var erasures: [PersonErasure] { get async { await writer.erasures } }

  /// Takes what is left of erased people out of every file, as far as that can be done now. Returns the
  /// erasures of which something is left: a backup holds a file, or a pack cannot be read.
  @discardableResult
  package func carryOutErasures() async throws(StoreError) -> [PersonErasure] {
    guard
      erasing.compareExchange(
        expected: false, desired: true, ordering: .acquiringAndReleasing
      ).exchanged
    else { return await writer.pendingErasures }
    defer { erasing.store(false, ordering: .releasing) }
    let pending = await writer.pendingErasures
    if pending.isEmpty { return [] }
    let people = pending.people
    // Batches from here on had the rows of these people refused.
    let next = await writer.nextNumber
    func isHot() -> Bool {
      hot.all.contains { $0.isHot(any: people[$0.id], before: next) }
    }
    // Whatever else is hot: batches that came since the mark have the rows that were refused.
    _ = try await seal()
    for attempt in 0..<Self.erasureAttempts {
      // A seal or a merge may be under way, or a question may hold a file.
      if attempt > 0 { await clock.sleep(for: .milliseconds(min(10 << min(attempt, 7), 1_000))) }
      if isHot() {
        _ = try await seal()
        if isHot() { continue }
      }
      guard try await merger.erase() == 0 else { continue }
      _ = try await writer.unlinkRetired(isUrgent: true)
      guard packFolder.catalogue.retired.isEmpty else { continue }
      if try await writer.finish(pending) { break }
    }
    return await writer.pendingErasures
  }

  private static let erasureAttempts = 60
}

extension ProjectEvents {
  /// Whether hot batches of before a number have rows of these people; those that wait may.
  fileprivate func isHot(any people: ErasedPeople?, before number: Int64) -> Bool {
    guard let people else { return false }
    if waiting.contains(where: { $0.number < number }) { return true }
    return laidOut.contains { section in
      (try? people.rows(of: section.section).isEmpty) != true
    }
  }
}
