import Kernels
import Query
import QueryModel
import Testing

@Suite("Funnels explained") struct FunnelExplanationTests {
  private func explain(
    _ funnel: FunnelQuestion, _ events: [(time: Int64, steps: UInt32, exclusions: UInt32)]
  ) -> FunnelExplanation {
    FunnelExplainer.explain(
      FunnelPlan(funnel),
      events.map { .init(time: $0.time, steps: $0.steps, exclusions: $0.exclusions) })
  }

  @Test("who converts sees which events did it")
  func converted() {
    let explanation = explain(flowFunnel("A B"), [(1, 1, 0), (2, 0, 0), (3, 1, 0), (4, 2, 0)])
    #expect(explanation.end == .converted)
    #expect(
      explanation.matches == [
        .init(step: 1, time: 3, ordinal: 2), .init(step: 2, time: 4, ordinal: 3),
      ])
  }

  @Test("who does not sees why")
  func reasons() {
    let funnel = flowFunnel("A B C", window: 10)
    #expect(explain(funnel, [(1, 2, 0)]).end == .neverStarted)
    #expect(explain(funnel, [(1, 1, 0), (2, 2, 0)]).end == .nothingFollowed)
    #expect(
      explain(funnel, [(1, 1, 0), (2, 2, 0), (15, 4, 0)]).end
        == .tooLate(ordinal: 2, milliseconds: 4))
    #expect(
      explain(funnel.excluding("x"), [(1, 1, 0), (2, 2, 0), (3, 0, 3), (4, 4, 0)]).end
        == .excluded(ordinal: 2, removed: true))
    #expect(
      explain(funnel.excluding("x", .stop), [(1, 1, 0), (2, 2, 0), (3, 0, 3), (4, 4, 0)]).end
        == .excluded(ordinal: 2, removed: false))
    #expect(
      explain(funnel.with { $0.order = .strict }, [(1, 1, 0), (2, 2, 0), (3, 0, 0), (4, 4, 0)]).end
        == .interrupted(ordinal: 2))
    #expect(
      explain(funnel.with { $0.order = .unordered }, [(1, 4, 0), (2, 1, 0), (13, 2, 0)]).end
        == .tooLate(ordinal: 2, milliseconds: 2))
  }
}
