import Testing

@testable import Events

@Suite("Channels") struct ChannelTests {
  static let cases: [(host: String, source: String, medium: String, Channel)] = [
    ("", "", "", .direct), ("shop.test", "", "", .direct), ("www.shop.test", "", "", .direct),
    ("blog.shop.test", "", "", .direct), ("example.org", "", "", .referral),
    ("notshop.test", "", "", .referral),
    ("www.google.com", "", "", .organicSearch), ("www.google.co.uk", "", "", .organicSearch),
    ("de.search.yahoo.com", "", "", .organicSearch), ("duckduckgo.com", "", "", .organicSearch),
    ("docs.google.com", "", "", .referral), ("google.example.org", "", "", .referral),
    ("mail.google.com", "", "", .email), ("l.facebook.com", "", "", .organicSocial),
    ("t.co", "", "", .organicSocial), ("xt.co", "", "", .referral),
    ("www.google.com", "google", "cpc", .paidSearch), ("", "bing", "PPC", .paidSearch),
    ("", "facebook", "paid-social", .paidSocial), ("", "ig", "cpc", .paidSocial),
    ("", "partner", "cpc", .paidOther), ("", "weekly", "email", .email),
    ("", "newsletter", "", .email), ("", "dsp", "banner", .display),
    ("", "shop", "affiliate", .affiliates), ("", "linkedin.com", "", .organicSocial),
    ("", "x", "social", .organicSocial), ("", "google", "organic", .organicSearch),
    ("", "partner", "referral", .referral), ("", "poster", "qr", .campaign),
    ("www.google.com", "poster", "", .campaign),
  ]

  @Test("follow from the referrer and the campaign", arguments: cases.indices)
  func rules(index: Int) {
    let (host, source, medium, expected) = Self.cases[index]
    var arrival = Channel.Arrival()
    arrival.siteHost = "shop.test"
    arrival.referrerHost = host
    arrival.source = source
    arrival.medium = medium
    #expect(Channel(arrival) == expected, "\(host) \(source) \(medium)")
  }

  @Test("follow from click ids, which say whose advertisement it was")
  func clickIDs() {
    var arrival = Channel.Arrival()
    arrival.clickID = "gclid"
    #expect(Channel(arrival) == .paidSearch)
    arrival.clickID = "ttclid"
    #expect(Channel(arrival) == .paidSocial)
    arrival.clickID = "other"
    #expect(Channel(arrival) == .paidOther)
    arrival.referrerHost = "www.bing.com"
    #expect(Channel(arrival) == .paidSearch)
  }
}
