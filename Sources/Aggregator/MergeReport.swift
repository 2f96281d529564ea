import Store
import Synchronization
import Telemetry

/// What operators are told of merges and retention.
struct MergeReport {
  let store: Store

  func declare(in registry: MetricRegistry) {
    let store = store
    func counter(
      _ name: StaticString, _ help: StaticString, _ value: @escaping @Sendable () -> Int
    ) {
      registry.counter(name, help) { Double(value()) }
    }
    counter("tributary_merges_total", "Merges of packs that were done.") {
      store.counters.merges.done.load(ordering: .relaxed)
    }
    counter("tributary_merges_failed_total", "Merges of packs that came to nothing.") {
      store.counters.merges.failed.load(ordering: .relaxed)
    }
    counter("tributary_merge_packs_replaced_total", "Packs that merges have replaced.") {
      store.counters.merges.packsReplaced.load(ordering: .relaxed)
    }
    counter("tributary_merge_packs_written_total", "Packs that merges have written.") {
      store.counters.merges.packsWritten.load(ordering: .relaxed)
    }
    counter("tributary_merge_read_bytes_total", "Bytes of packs that merges have read.") {
      store.counters.merges.bytesRead.load(ordering: .relaxed)
    }
    counter("tributary_merge_written_bytes_total", "Bytes of packs that merges have written.") {
      store.counters.merges.bytesWritten.load(ordering: .relaxed)
    }
    counter("tributary_merge_rows_total", "Events that merges have written.") {
      store.counters.merges.rows.load(ordering: .relaxed)
    }
    counter(
      "tributary_sealed_bytes_total",
      "Bytes of packs that seals have written: merges write three times as much at most."
    ) { store.counters.merges.bytesSealed.load(ordering: .relaxed) }
    counter("tributary_packs_unlinked_total", "Replaced packs whose files are gone.") {
      store.counters.merges.packsUnlinked.load(ordering: .relaxed)
    }
    counter("tributary_retention_events_total", "Events that were older than their projects keep.")
    { store.counters.merges.rowsExpired.load(ordering: .relaxed) }
    registry.gauge("tributary_packs", "Packs that answers are made of.") {
      Double(store.packFolder.catalogue.counts.live)
    }
    registry.gauge("tributary_packs_replaced", "Replaced packs whose files are still there.") {
      Double(store.packFolder.catalogue.counts.retired)
    }
  }
}
