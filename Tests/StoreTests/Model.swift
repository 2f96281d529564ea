import Batches
import Events

@testable import Store

/// The store as a dictionary: slow, and so plain that it is easily seen to be right.
struct Model {
  struct First: Equatable {
    var event: Event
    var source: String
    var shift: Int64
  }

  struct Receipt: Hashable {
    var collector: String
    var epoch: Epoch
    var project: ProjectID
    var number: UInt64
  }

  struct Stream: Hashable {
    var collector: String
    var epoch: Epoch
    var project: ProjectID
  }

  let limit: Int
  var events: [ProjectID: [EventID: First]] = [:]
  var receipts: [Receipt: (batch: [Event], outcome: CommitOutcome)] = [:]
  var sequences: [Stream: Set<UInt64>] = [:]
  var conflicts: [ProjectID: Int] = [:]
  var deadLetters: [EventID] = []

  var count: Int { events.values.reduce(0) { $0 + $1.count } }

  mutating func commit(
    _ sent: [Event], _ batch: ArrivedBatch
  ) -> Result<CommitOutcome, StoreError> {
    let receipt = batch.origin.map {
      Receipt(
        collector: batch.source, epoch: $0.epoch, project: batch.project, number: $0.number)
    }
    if let receipt, let known = receipts[receipt] {
      if known.batch != sent { return .failure(.epochForked) }
      return .success(
        CommitOutcome(
          status: .duplicate, accepted: known.outcome.accepted,
          duplicates: known.outcome.duplicates, rejected: known.outcome.rejected,
          durableThrough: durableThrough(batch)))
    }
    var all = events[batch.project, default: [:]]
    var accepted = 0
    var duplicates = 0
    var conflicting = 0
    for (row, event) in sent.enumerated() where !batch.rejected.contains(where: { $0.row == row }) {
      if let first = all[event.id] {
        duplicates += 1
        if !saysTheSame(first.event, event) { conflicting += 1 }
      } else {
        all[event.id] = First(event: event, source: batch.source, shift: batch.clockShift)
        accepted += 1
      }
    }
    guard count + accepted <= limit else { return .failure(.full(limit: limit)) }
    events[batch.project] = all
    conflicts[batch.project, default: 0] += conflicting
    for row in batch.rejected { deadLetters.append(sent[row.row].id) }
    if let origin = batch.origin {
      sequences[
        Stream(collector: batch.source, epoch: origin.epoch, project: batch.project),
        default: []
      ].formUnion(origin.sequences)
    }
    let status: CommitOutcome.Status =
      !batch.rejected.isEmpty ? .partial : duplicates == sent.count ? .duplicate : .committed
    let outcome = CommitOutcome(
      status: status, accepted: accepted, duplicates: duplicates, rejected: batch.rejected,
      durableThrough: durableThrough(batch))
    if let receipt { receipts[receipt] = (sent, outcome) }
    return .success(outcome)
  }

  private func durableThrough(_ batch: ArrivedBatch) -> UInt64? {
    guard let origin = batch.origin else { return nil }
    let numbers =
      sequences[Stream(collector: batch.source, epoch: origin.epoch, project: batch.project)] ?? []
    var last: UInt64 = 0
    while numbers.contains(last + 1) { last += 1 }
    return last == 0 ? nil : last
  }

  private func saysTheSame(_ a: Event, _ b: Event) -> Bool {
    a.name == b.name && a.cts == b.cts && a.profile == b.profile && a.device == b.device
      && a.session == b.session && a.props == b.props
  }
}
