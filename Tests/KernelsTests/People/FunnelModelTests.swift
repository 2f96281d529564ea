import Kernels
import Platform
import Query
import QueryModel
import Testing

/// Small histories with everything that makes chains hard: equal times, events that fit several steps,
/// exclusions that are steps too, short windows.
private struct RandomFlow {
  var stepCount: Int
  var density: Double
  var exclusionDensity: Double
  var gaps: [Int64]
  var isDisjoint: Bool

  init(_ random: inout some RandomNumberGenerator) {
    stepCount = Int.random(in: 1...4, using: &random)
    density = [0.3, 0.5, 0.8].randomElement(using: &random)!
    exclusionDensity = [0, 0.1, 0.3].randomElement(using: &random)!
    gaps = [[0, 1, 1, 2], [1, 1, 3], [0, 0, 0, 1, 4], [0, 2, 9]].randomElement(using: &random)!
    isDisjoint = Bool.random(using: &random)
  }

  func events(_ random: inout some RandomNumberGenerator) -> [ModelStep] {
    var time: Int64 = Int64.random(in: 0...3, using: &random)
    return (0..<Int.random(in: 0...7, using: &random)).map { _ in
      time += gaps.randomElement(using: &random)!
      var steps: Set<Int> = []
      if isDisjoint {
        if Double.random(in: 0..<1, using: &random) < 0.8 {
          steps = [Int.random(in: 1...stepCount, using: &random)]
        }
      } else {
        steps = Set(
          (1...stepCount).filter { _ in Double.random(in: 0..<1, using: &random) < density })
      }
      let isExclusion = Double.random(in: 0..<1, using: &random) < exclusionDensity
      let excluded =
        isExclusion && stepCount > 1
        ? Set((1..<stepCount).filter { _ in Bool.random(using: &random) }) : []
      return ModelStep(time, steps, excluded: excluded)
    }
  }

  func funnel(
    _ random: inout some RandomNumberGenerator, _ order: FunnelQuestion.StepOrder
  ) -> FunnelQuestion {
    var funnel = FunnelQuestion(
      Scope(flowAlways),
      steps: (1...stepCount).map { step in
        FunnelQuestion.Step(
          .everything,
          isOptional: order != .unordered && step > 1
            && Double.random(in: 0..<1, using: &random) < 0.3)
      })
    funnel.order = order
    funnel.windowMilliseconds = [1, 3, 6, 100].randomElement(using: &random)!
    funnel.exclusions = [.init(.everything)]
    funnel.exclusionEffect = Bool.random(using: &random) ? .remove : .stop
    funnel.reentry =
      order != .unordered && Int.random(in: 0..<5, using: &random) == 0 ? .first : .latest
    return funnel
  }
}

@Suite("Funnel matchers against every chain there is") struct FunnelModelTests {
  @Test(
    "a matcher finds the chain that the model picks", arguments: FunnelQuestion.StepOrder.allCases,
    0..<8)
  func agrees(order: FunnelQuestion.StepOrder, seed: Int) {
    var random = flowGenerator(UInt64(seed))
    for round in 0..<600 {
      let flow = RandomFlow(&random)
      let funnel = flow.funnel(&random, order)
      let subjects = (0..<12).map { _ in flow.events(&random) }.map { events in
        // Without an order an exclusion is one for all ways.
        order != .unordered
          ? events
          : events.map { event in
            ModelStep(
              event.time, event.steps,
              excluded: event.excluded.isEmpty ? [] : Set(1..<max(2, flow.stepCount)))
          }
      }
      let (matched, model) = (matchedChains(funnel, subjects), modelChains(funnel, subjects))
      for (index, events) in subjects.enumerated() where matched[index].told != model[index].told {
        Issue.record(
          """
          round \(round): \(funnel.order) window \(funnel.windowMilliseconds) \
          optional \(funnel.steps.map(\.isOptional)) \(funnel.exclusionEffect) \(funnel.reentry)
          \(events.map { "\($0.time)s\($0.steps.sorted())x\($0.excluded.sorted())" })
          matched \(matched[index])
          model   \(model[index])
          """)
        return
      }
    }
  }

  @Test("over whole histories matchers count what the model counts", arguments: 0..<20)
  func histories(seed: Int) throws {
    var random = flowGenerator(UInt64(2_000 + seed))
    for _ in 0..<20 {
      var mix = ModelMix()
      mix.events = 0...30
      mix.days = 2
      mix.names = ["A", "B", "C", "x"]
      let history = ModelHistory.random(mix, using: &random)
      let names = ["A B", "A B C", "A B? C", "B A"].randomElement(using: &random)!
      var funnel = flowFunnel(names, window: Int64.random(in: 1...48, using: &random) * flowHour)
      if Bool.random(using: &random) { funnel = funnel.excluding("x") }
      if !names.contains("?") {
        funnel.order = FunnelQuestion.StepOrder.allCases.randomElement(using: &random)!
      }
      let row = try history.answer(funnel).content.rows[0]
      let matched = matchedFunnel(funnel, history)
      #expect(matched.reached == row.reached)
      #expect(matched.removed == row.removed)
    }
  }

  /// The streaming algorithm that products use, for funnels of needed steps and events at different
  /// times. Where it keeps the first event of a step although an exclusion follows, we take a later
  /// one: then only can a chain be clean that it does not find.
  @Test("where the usual algorithm says somebody stays, so does ours", arguments: 0..<10)
  func usualAlgorithm(seed: Int) {
    var random = flowGenerator(UInt64(3_000 + seed))
    var differences = 0
    for _ in 0..<4_000 {
      var flow = RandomFlow(&random)
      flow.gaps = [1, 2, 5]
      var funnel = flow.funnel(
        &random, Bool.random(using: &random) ? .ordered : .strict)
      for index in funnel.steps.indices { funnel.steps[index].isOptional = false }
      funnel.reentry = .latest
      funnel.exclusionEffect = .remove
      let events = flow.events(&random).map { event in
        event.steps.isEmpty ? event : ModelStep(event.time, event.steps)
      }
      let usual = UsualFunnel.outcome(funnel, events)
      let ours = ModelChains(funnel, events).outcome
      let isSame = usual.reached == ours.reached && usual.isRemoved == ours.isRemoved
      guard !isSame else { continue }
      differences += 1
      #expect(events.contains { !$0.excluded.isEmpty })
      #expect(
        ours.reached > usual.reached || (usual.isRemoved && !ours.isRemoved),
        "\(funnel.order) \(events): \(usual), ours \(ours)")
    }
    #expect(differences < 400)
  }

  @Test("the plain matcher finds the chain that counts", arguments: 0..<8)
  func plainAgrees(seed: Int) {
    var random = flowGenerator(UInt64(1_000 + seed))
    for _ in 0..<1_000 {
      var flow = RandomFlow(&random)
      flow.isDisjoint = true
      flow.exclusionDensity = 0
      var funnel = flow.funnel(&random, .ordered)
      for index in funnel.steps.indices { funnel.steps[index].isOptional = false }
      funnel.exclusions = []
      funnel.reentry = .latest
      var matcher = PlainFunnelMatcher(FunnelPlan(funnel))
      let subjects = (0..<8).map { _ in flow.events(&random) }
      for (events, expected) in zip(subjects, modelChains(funnel, subjects)) {
        matcher.begin()
        for (place, event) in events.enumerated() {
          matcher.add(time: event.time, steps: event.stepBits, ordinal: place)
        }
        let outcome = matcher.finish()
        var chain = MatchedChain()
        chain.reached = outcome.reached
        chain.path = outcome.path
        chain.start = outcome.start
        chain.last = outcome.last
        for step in 0..<outcome.reached {
          chain.times.append(matcher.time(ofStep: step + 1))
          chain.ordinals.append(matcher.ordinal(ofStep: step + 1))
        }
        #expect(chain == expected, "\(events)")
      }
    }
  }
}
