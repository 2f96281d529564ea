import Calendar
import JSON
import QueryModel
import Testing

@testable import Query

@Suite("The benchmark's questions") struct WorkloadTests {
  private let workload = Workload(
    range: days(0, 90), month: days(28, 56), zone: .utc, country: "DE", needle: "checkout")

  @Test("each can be said, with its options, and is within every limit")
  func questions() throws {
    let series = try [
      workload.statsByDay(), workload.uniqueUsersByDay(), workload.topProps(), workload.topPaths(),
      workload.filteredRevenue(), workload.percentileAmount(), workload.segmentByPlan(),
      workload.trendWeekOverWeek(), workload.fullText(),
    ]
    for question in series { try question.check() }
    try workload.timeline(of: "p").check()
    try workload.export().check()
  }

  @Test("what is filtered is added up by country")
  func filteredRevenue() throws {
    var story = Story()
    for (amount, plan, device, country) in [
      (20, "pro", "mobile", "DE"), (30, "team", "mobile", "DE"), (19, "pro", "mobile", "DE"),
      (40, "free", "mobile", "DE"), (40, "pro", "desktop", "DE"), (25, "pro", "mobile", "FR"),
    ] as [(Int64, String, String, String)] {
      story.add(
        "purchase", at: 5, by: "p1", ["amount": .integer(amount), "plan": .string(plan)],
        ctx: ["device_type": .string(device), "country": .string(country)])
    }
    let table = try story.history.answer(workload.filteredRevenue()).content.current
    #expect(table.groups == [.values(["DE"]), .values(["FR"])])
    #expect(table.totals == [[2, 50], [1, 25]])
  }

  @Test("a search counts events by name")
  func fullText() throws {
    var story = Story()
    story.add("view", at: 1, ["path": "/checkout/1"])
    story.add("view", at: 2, ["path": "/", "referrer": "a checkout"])
    story.add("click", at: 3, ["button": "checkout"])
    story.add("click", at: 4, ["checkout": "button"])
    let table = try story.history.answer(workload.fullText()).content.current
    #expect(table.groups == [.values(["view"]), .values(["click"])])
    #expect(table.totals == [[2], [1]])
  }
}
