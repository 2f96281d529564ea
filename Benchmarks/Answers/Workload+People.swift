import Calendar
import JSON
import Kernels
import Query

/// The questions about what people do one after the other.
extension Workload {
  static var people: [Asked] {
    [
      funnel("funnel3", Array(steps.prefix(3))), funnel("funnel4", steps), funnelByDevice,
      retention("retention_daily", "day", .day, columns: 31),
      retention("retention_weekly", "week", .week, columns: .max),
      sessions("sessions", .sessionID), sessions("sessionize", .gaps),
    ]
  }

  private static let steps = ["page_view", "signup_click", "signup_complete", "purchase"]

  private static func question(_ parameters: Parameters, _ steps: [String]) -> FunnelQuestion {
    var question = FunnelQuestion(
      parameters.scope, steps: steps.map { FunnelQuestion.Step(EventSelector($0)) })
    question.windowMilliseconds = parameters.windowMilliseconds
    return question
  }

  private static func funnel(_ name: String, _ steps: [String]) -> Asked {
    asked(name, ["step", "profiles"]) { parameters, asker, rows in
      let content = try await asker.flows.content(of: question(parameters, steps))
      for (step, people) in content.rows[0].reached.enumerated() where people > 0 {
        rows.row {
          $0.integer(step + 1)
          $0.integer(people)
        }
      }
    }
  }

  private static let funnelByDevice = asked(
    "funnel_breakdown", ["device_type", "step", "profiles"]
  ) { parameters, asker, rows in
    var question = question(parameters, steps)
    question.breakdown = AttributedBreakdown(
      try Breakdown(by: [PropertyPath("ctx.device_type")], limit: 1_000), by: .eachValue)
    let content = try await asker.flows.content(of: question)
    let named = content.rows.compactMap { row -> (String, FunnelQuestion.Content.Row)? in
      guard case .values(let values) = row.group, let text = values[0].text else { return nil }
      return (text, row)
    }
    let sorted = named.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    for (device, row) in sorted {
      for (step, people) in row.reached.enumerated() where people > 0 {
        rows.row {
          $0.string(device)
          $0.integer(step + 1)
          $0.integer(people)
        }
      }
    }
  }

  private static func retention(
    _ name: String, _ column: String, _ interval: Interval, columns: Int
  ) -> Asked {
    asked(name, ["cohort", column, "profiles"]) { parameters, asker, rows in
      var question = RetentionQuestion(parameters.scope, by: interval)
      question.cohorts = .firstInRange
      question.isWhole = false
      let content = try await asker.flows.content(of: question, asOf: asker.now)
      let bucket: Bucket = interval == .day ? .day : .week
      for (start, cells) in zip(content.starts, content.rows[0].cells) {
        let cohort = bucket.label(of: start, in: parameters.zone)
        for (later, people) in cells.prefix(columns).enumerated() where people > 0 {
          rows.row {
            $0.string(cohort)
            $0.integer(later)
            $0.integer(people)
          }
        }
      }
    }
  }

  private static func sessions(_ name: String, _ cut: SessionRules.Cut) -> Asked {
    asked(name, ["day", "sessions", "seconds", "bounce"]) { parameters, asker, rows in
      var question = SessionsQuestion(parameters.scope, by: .day, rules: .by(cut))
      question.cutting.capMilliseconds = .max
      question.bounce = .singleEvent
      question.isClipped = true
      let content = try await asker.flows.content(of: question)
      for piece in content.rows[0].pieces where piece.measures.sessions > 0 {
        let measures = piece.measures
        rows.row {
          $0.string(Bucket.day.label(of: piece.start, in: parameters.zone))
          $0.integer(measures.sessions)
          $0.double((measures.meanMilliseconds ?? 0) / 1_000)
          $0.double(measures.bounceRate ?? 0)
        }
      }
    }
  }
}
