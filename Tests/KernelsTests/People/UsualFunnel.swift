import Query
import QueryModel

/// How product analytics usually streams a funnel: for each step the chain with the latest start, its
/// first event of each step, and whether an exclusion has met it. Events at one time are one event.
enum UsualFunnel {
  private struct Entry {
    var start: Int64
    var isTainted = false
  }

  static func outcome(
    _ funnel: FunnelQuestion, _ events: [ModelStep]
  ) -> (reached: Int, isRemoved: Bool) {
    let count = funnel.steps.count
    var entries = [Entry?](repeating: nil, count: count + 1)
    var best = (step: 0, entry: Entry(start: 0))
    for event in events {
      let time = event.time
      entries[0] = Entry(start: time)
      for step in stride(from: count, through: 1, by: -1) {
        guard let before = entries[step - 1], time - before.start <= funnel.windowMilliseconds
        else { continue }
        if event.excluded.contains(step - 1) {
          entries[step - 1]?.isTainted = true
          if best.step == step - 1, time - best.entry.start <= funnel.windowMilliseconds {
            best.entry.isTainted = true
          }
        }
        guard event.steps.contains(step), entries[step]?.start != before.start else { continue }
        if !before.isTainted {
          entries[step] = before
          if step > best.step || (step == best.step && best.entry.isTainted) {
            best = (step, before)
          }
        }
      }
      if funnel.order == .strict {
        for step in 1...count where !event.steps.contains(step) { entries[step] = nil }
      }
      if best.step == count { break }
    }
    return (best.step, best.step < count && best.entry.isTainted)
  }
}
