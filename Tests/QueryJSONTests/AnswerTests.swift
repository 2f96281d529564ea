import Calendar
import Events
import JSON
import Query
import Testing

@testable import QueryJSON

@Suite("Answers as JSON") struct AnswerTests {
  private static let range = noon..<noon.saturatingAdding(milliseconds: 3_600_000)
  private static let start: JSONValue = "2026-03-10T12:00:00.000Z"

  /// What stands under `answer`.
  private func content<Content: AnswerContent>(
    _ content: Content
  ) throws -> JSONValue {
    var json = JSONWriter()
    json.beginObject()
    try content.write(to: &json, AnswerSurroundings(project: try ProjectID("acme"), zone: .utc))
    json.endObject()
    return try JSONValue(parsing: json.bytes.span)
  }

  @Test("an answer names its definition, and what it does not know")
  func definition() throws {
    var scope = Scope(Self.range, zone: try ZoneFiles().zone(named: "Asia/Kolkata"))
    scope.weekStart = .sunday
    let asked = StickinessQuestion(scope)
    let answer = Answer(
      StickinessQuestion.Content(people: [2, 0]),
      by: Definition(of: asked, asOf: noon, uniques: .sumOfDaily))
    var json = JSONWriter()
    try answer.write(
      to: &json, of: try ProjectID("acme"), without: [MissingEvents(place: "2026-03", events: 7)])
    let written = try JSONValue(parsing: json.bytes.span)
    #expect(
      written["definition"] == [
        "from": "2026-03-10T17:30:00.000+05:30", "to": "2026-03-10T18:30:00.000+05:30",
        "timezone": "Asia/Kolkata", "week_start": "sunday", "profiles_as_of": "current",
        "as_of": "2026-03-10T17:30:00.000+05:30", "unique_method": "sum_of_daily",
        "rules": .array(
          asked.rules.map { ["name": .string($0.name), "text": .string($0.text)] }),
      ])
    #expect(written["answer"] == ["people": [2, 0]])
    #expect(written["missing"] == [["place": "2026-03", "events": 7]])
  }

  @Test("a series has columns in its groups' rows, and the earlier range beside it")
  func series() throws {
    let column = SeriesTable.Column(total: 1.5, pieces: [1, nil])
    let table = SeriesTable(
      starts: [noon],
      rows: [
        SeriesTable.Row(group: .values(["a", nil]), columns: [column]),
        SeriesTable.Row(group: .other, columns: []), SeriesTable.Row(group: .whole, columns: []),
      ])
    let written: JSONValue = [
      "starts": [Self.start],
      "rows": [
        ["group": ["a", nil], "columns": [["total": 1.5, "pieces": [1, nil]]]],
        ["group": "other", "columns": []], ["group": "all", "columns": []],
      ],
    ]
    #expect(try content(SeriesQuestion.Content(current: table)) == written)
    let both = try content(SeriesQuestion.Content(current: table, earlier: table))
    #expect(both["earlier"] == written)
  }

  @Test("a funnel has who reached each step, and how long it took")
  func funnel() throws {
    let row = FunnelQuestion.Content.Row(
      .whole, reached: [4, 1], removed: 1, timeToConvert: TimeToConvert(of: [5, 10], bins: 2),
      times: [nil, TimeToConvert(of: [5, 10], bins: 2)])
    let piece = FunnelQuestion.Content.Piece(noon, entered: 4, converted: 1)
    let time: JSONValue = [
      "count": 2, "mean_ms": 7.5, "median_ms": 7.5, "first_bar_ms": 5, "bar_width_ms": 3,
      "bars": [1, 1],
    ]
    #expect(
      try content(FunnelQuestion.Content(rows: [row], pieces: [piece])) == [
        "rows": [
          [
            "group": "all", "reached": [4, 1], "conversion": [1.0, 0.25], "removed": 1,
            "time_to_convert": time, "times": [nil, time],
          ]
        ],
        "pieces": [["start": Self.start, "entered": 4, "converted": 1]],
      ])
  }

  @Test("what ended a chain is said with what is known of it")
  func explanations() throws {
    let ends: [(FunnelExplanation.End, JSONValue)] = [
      (.converted, ["reason": "converted"]), (.neverStarted, ["reason": "never_started"]),
      (.nothingFollowed, ["reason": "nothing_followed"]),
      (.tooLate(ordinal: 3, milliseconds: 9), ["reason": "too_late", "event": 3, "late_ms": 9]),
      (.excluded(ordinal: 3, removed: true), ["reason": "excluded", "event": 3, "removed": true]),
      (.interrupted(ordinal: 3), ["reason": "interrupted", "event": 3]),
    ]
    let match = FunnelExplanation.Match(step: 1, time: 7, ordinal: 2)
    for (end, written) in ends {
      #expect(
        try content(FunnelExplanation(matches: [match], end: end))
          == ["matches": [["step": 1, "cts": 7, "event": 2]], "end": written])
    }
  }

  @Test("retention has its cohorts by interval")
  func retention() throws {
    let row = RetentionQuestion.Content.Row(
      .whole, cells: [[3, 1], [2]], mean: [1, nil])
    #expect(
      try content(RetentionQuestion.Content(starts: [noon], rows: [row])) == [
        "starts": [Self.start],
        "rows": [["group": "all", "cohorts": [[3, 1], [2]], "mean": [1.0, nil]]],
      ])
  }

  @Test("sessions have their measures, in all and by interval")
  func sessions() throws {
    var measures = SessionsQuestion.Measures()
    measures.sessions = 2
    measures.events = 5
    measures.views = 4
    measures.duration = 30
    measures.bounces = 1
    measures.bounceable = 2
    let row = SessionsQuestion.Content.Row(
      .whole, measures, pieces: [SessionsQuestion.Content.Piece(noon, .init())])
    let page = SessionsQuestion.Content.Page("/", sessions: 2)
    #expect(
      try content(
        SessionsQuestion.Content(rows: [row], entryPages: [page], exitPages: [])) == [
          "rows": [
            [
              "group": "all", "sessions": 2, "events": 5, "views": 4, "duration_ms": 30,
              "mean_duration_ms": 15.0, "bounces": 1, "bounceable": 2, "bounce_rate": 0.5,
              "pieces": [
                [
                  "start": Self.start, "sessions": 0, "events": 0, "views": 0, "duration_ms": 0,
                  "mean_duration_ms": nil, "bounces": 0, "bounceable": 0, "bounce_rate": nil,
                ]
              ],
            ]
          ],
          "entry_pages": [["page": "/", "sessions": 2]], "exit_pages": [],
        ])
  }

  @Test("visitors, paths, lifecycles")
  func others() throws {
    let row = VisitorsQuestion.Content.Row(
      .whole, people: 2, views: 3,
      pieces: [VisitorsQuestion.Content.Piece(noon, people: 1, views: 1)])
    #expect(
      try content(VisitorsQuestion.Content(rows: [row])) == [
        "rows": [
          [
            "group": "all", "people": 2, "views": 3,
            "pieces": [["start": Self.start, "people": 1, "views": 1]],
          ]
        ]
      ])
    let walk = PathsQuestion.Content.Walk(["a", 1], sessions: 2)
    let link = PathsQuestion.Content.Link(
      place: -1, source: "a", target: 1, sessions: 2, meanMilliseconds: 2.5)
    #expect(
      try content(PathsQuestion.Content(sessions: 3, walks: [walk], links: [link])) == [
        "sessions": 3, "walks": [["stations": ["a", 1], "sessions": 2]],
        "links": [["place": -1, "source": "a", "target": 1, "sessions": 2, "mean_ms": 2.5]],
      ])
    let piece = LifecycleQuestion.Piece(
      start: noon, new: 1, returning: 2, resurrecting: 3, dormant: 4)
    #expect(
      try content(LifecycleQuestion.Content(pieces: [piece])) == [
        "pieces": [
          ["start": Self.start, "new": 1, "returning": 2, "resurrecting": 3, "dormant": 4]
        ]
      ])
  }

  @Test("lists have the place where the next page begins")
  func lists() throws {
    #expect(try content(EventPage(events: [], next: nil)) == ["events": [], "next": nil])
    let person = PeopleQuestion.Person(id: .device("d"), events: 2, firstCts: 1, lastCts: 2)
    #expect(
      try content(PeopleQuestion.Content(people: [person], next: .profile("p"))) == [
        "people": [["person": ["device": "d"], "events": 2, "first_cts": 1, "last_cts": 2]],
        "next": ["profile": "p"],
      ])
    let name = PropertyNamesQuestion.Name(
      path: try PropertyPath("props.a"), kinds: [.number, .list], events: 3)
    #expect(
      try content(PropertyNamesQuestion.Content(names: [name], hasMore: true)) == [
        "names": [["property": "props.a", "kinds": ["number", "list"], "events": 3]],
        "has_more": true,
      ])
  }
}
