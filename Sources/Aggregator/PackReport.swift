import Intake
import Store
import Telemetry

/// What operators are told of the sealed packs: what is there, and what of it cannot be read.
struct PackReport {
  static let part = "packs"

  let store: Store

  /// At the start: a line in the log for each pack that no answer has.
  func tell(_ log: Log) {
    for trouble in store.packTroubles {
      log.error(
        "a pack is missing or damaged; its events are in no answer",
        ["pack": .text("\(trouble.number)"), "reason": .text(trouble.reason)])
    }
  }

  func refresh(_ health: HealthBoard) {
    let detail = self.detail
    health.update { $0.set(Self.part, detail == nil ? .ok : .degraded, detail) }
  }

  /// Nil where all is well.
  private var detail: String? {
    var parts: [String] = []
    let packs = store.packTroubles
    if !packs.isEmpty {
      let numbers = packs.prefix(20).map { "\($0.number)" }.joined(separator: ", ")
      parts.append("\(packs.count) packs cannot be read (\(numbers))")
    }
    let opened = store.scrubStatus.packs
    if !opened.isEmpty {
      let numbers = opened.keys.sorted().prefix(20).map { "\($0)" }.joined(separator: ", ")
      parts.append("\(opened.count) packs could not be opened again (\(numbers))")
    }
    let sealed = store.sealed
    if sealed.sectionsAside > 0 {
      let names = store.sectionsAside.prefix(20).joined(separator: ", ")
      parts.append("\(sealed.sectionsAside) damaged sections are set aside (\(names))")
    }
    if let trouble = store.sealTrouble {
      parts.append("the last seal came to nothing (\(trouble)); the next one tries again")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  func declare(in registry: MetricRegistry) {
    let store = store
    registry.gauge("tributary_sealed_events", "Events in sealed packs that answers have.") {
      Double(store.sealed.events)
    }
    registry.gauge("tributary_sealed_sections", "Sections of sealed packs that answers have.") {
      Double(store.sealed.sections)
    }
    registry.gauge(
      "tributary_packs_unreadable",
      "Packs that were missing or damaged at the start, or are now for the scrub."
    ) { Double(store.packTroubles.count + store.scrubStatus.packs.count) }
    registry.counter("tributary_scrub_bytes_total", "Bytes of packs that the scrub has read.") {
      Double(store.scrubStatus.bytes)
    }
    registry.counter("tributary_scrub_walks_total", "Walks of the scrub over all that is sealed.") {
      Double(store.scrubStatus.walks)
    }
    registry.gauge(
      "tributary_scrub_finished_seconds",
      "When the last walk had read everything, in seconds since 1970; 0 before that."
    ) { Double(store.scrubStatus.lastWalkEnded ?? 0) / 1_000 }
    registry.gauge(
      "tributary_sections_aside", "Sections that were found damaged: answers lack their events."
    ) { Double(store.sealed.sectionsAside) }
  }
}
