import TestSupport
import Testing

@testable import Calendar

@Suite("Rules for the far future") struct FooterRuleTests {
  @Test(
    "names, offsets and dates are read in all their forms",
    arguments: [
      ("UTC0", 0), ("<+03>-3", 10_800), ("<-0930>9:30", -34_200), ("ABC+1:02:03", -3723),
      ("XXX24", -86_400), ("<A1+>-24:59:59", 89_999),
      ("PST8PDT,M3.2.0,M11.1.0", -28_800), ("IST-1GMT0,M10.5.0,M3.5.0/1", 3600),
      ("EET-2EEST,M3.4.4/50,M10.4.4/50", 7200), ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200),
      ("AAA1BBB,J60/-167,365/167:59:59", -3600), ("AAA1BBB-1:30,0,J365/24", -3600),
    ])
  func reads(text: String, standard: Int64) {
    let bytes = Array(text.utf8)
    let rule = FooterRule(bytes.span)
    #expect(rule?.standardOffset == standard * 1000)
  }

  @Test(
    "what is not exactly that is refused",
    arguments: [
      "", "U0", "UT0", "UTC", "0", "UTC0 ", " UTC0", "UTC25", "UTC0:60", "UTC0:00:60", "UTC--1",
      "<+03-3", "<+0>3>-3", "<>-3", "<+3>", "+03-3", "UTC0\n", ":Europe/Berlin", "PST8PDT",
      "PST8PDT,", "PST8PDT,M3.2.0", "PST8PDT,M3.2.0,", "PST8PDT,M3.2.0,M11.1.0,",
      "PST8PDT,M0.2.0,M11.1.0", "PST8PDT,M13.2.0,M11.1.0", "PST8PDT,M3.0.0,M11.1.0",
      "PST8PDT,M3.6.0,M11.1.0", "PST8PDT,M3.2.7,M11.1.0", "PST8PDT,J0,J365", "PST8PDT,J1,J366",
      "PST8PDT,0,366", "PST8PDT,J1/168,J365", "PST8PDT,J1/-168,J365", "PST8PDT,J1/,J365",
      "PST8PDT25,J1,J365", "PST8PDT,J1;J365", "PST8PDT,M3.2,M11.1", "PST8PDT,J1,J365/1:2:3:4",
      "PST8,J1,J365", "PST8P,J1,J365",
    ])
  func refuses(text: String) {
    let bytes = Array(text.utf8)
    let rule = FooterRule(bytes.span)
    #expect(rule == nil)
  }

  /// What the rule says about one instant, from the years around it and nothing else.
  private func model(_ rule: FooterRule, _ instant: Int64) -> Int64 {
    guard let summer = rule.summer else { return rule.standardOffset }
    let year = LocalTime(elapsedMilliseconds: instant).date.year
    var latest: (instant: Int64, offset: Int64)?
    for year in (year - 2)...(year + 1) {
      let start = summer.start.milliseconds(in: year) - rule.standardOffset
      let end = summer.end.milliseconds(in: year) - summer.offset
      for (time, offset) in [(end, rule.standardOffset), (start, summer.offset)]
      where time <= instant && time >= latest?.instant ?? .min {
        latest = (time, offset)
      }
    }
    return latest?.offset ?? rule.standardOffset
  }

  @Test(
    "the changes of 400 years are those of any year",
    arguments: [
      "PST8PDT,M3.2.0,M11.1.0", "IST-1GMT0,M10.5.0,M3.5.0/1", "EET-2EEST,M3.4.4/50,M10.4.4/50",
      "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "NZST-12NZDT,M9.5.0,M4.1.0/3", "AAA0BBB,J60,J300",
      "AAA0BBB,59/-100,300/100", "AAA-13BBB,J365/167,J100", "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
    ])
  func agreesWithModel(text: String) throws {
    let bytes = Array(text.utf8)
    let parsed = FooterRule(bytes.span)
    let rule = try #require(parsed)
    let recurring = RecurringChanges(of: rule)
    var random = SeededGenerator(seed: UInt64(text.utf8.count))
    for _ in 0..<2000 {
      // The years -30,000 to 34,000.
      let instant = Int64.random(in: -1_000_000_000_000_000...1_000_000_000_000_000, using: &random)
      let stretch = recurring.stretch(at: instant)
      #expect(stretch.offset == model(rule, instant))
      #expect(stretch.start <= instant && instant < stretch.end)
      #expect(model(rule, stretch.start) == stretch.offset)
      #expect(model(rule, stretch.start - 1) != stretch.offset)
      #expect(model(rule, stretch.end - 1) == stretch.offset)
      #expect(model(rule, stretch.end) != stretch.offset)
    }
  }

  @Test(
    "summer that never ends, or never is, has no changes",
    arguments: [
      ("XXX3EDT4,0/0,J365/23", -14_400), ("EST5EDT,0/0,J365/25", -14_400),
      ("AAA0BBB,0/0,J365/50", 3600), ("AAA0BBB,J100/2,J100/3", 0), ("AAA0BBB0,J1,J100", 0),
    ])
  func constant(text: String, offset: Int64) throws {
    let zone = try Zone(rule: text)
    let always = Instant(milliseconds: .min)..<Instant(milliseconds: .max)
    #expect(zone.changes(in: always, limit: 0) == [])
    #expect(zone.offsetMilliseconds(at: .epoch) == offset * 1000)
  }

  @Test(
    "the clocks of 2100 follow the rule at the end of the file",
    arguments: [
      ("Europe/Berlin", "2100-03-28T01:00:00Z", 3600, 7200),
      ("Europe/Berlin", "2100-10-31T01:00:00Z", 7200, 3600),
      ("America/Los_Angeles", "2100-03-14T10:00:00Z", -28_800, -25_200),
      ("Australia/Lord_Howe", "2100-04-03T15:00:00Z", 39_600, 37_800),
      ("Europe/Dublin", "2100-03-28T01:00:00Z", 0, 3600),
      ("America/Nuuk", "2400-03-26T01:00:00Z", -7200, -3600),
      ("Europe/Berlin", "9999-03-28T01:00:00Z", 3600, 7200),
    ])
  func farFuture(name: String, time: String, before: Int64, after: Int64) throws {
    let zone = try zone(name)
    let moment = try instant(time)
    let earlier = moment.saturatingAdding(milliseconds: -1)
    #expect(
      zone.change(after: earlier)
        == Zone.Change(
          instant: moment, offsetMillisecondsBefore: before * 1000,
          offsetMilliseconds: after * 1000))
  }
}
