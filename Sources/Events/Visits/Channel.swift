/// How a visit came about, from what referred to it and the campaign parameters of its page.
///
/// The rules are those that most analytics agree on, in this order; the first that holds counts:
///
/// 1. a medium of paid clicks (`cpc`, `ppc`, `paid`, ...), or a click id of an advertiser (`gclid`,
///    ...): *paid search* where the source is a search engine or the click id is of one, *paid social*
///    where it is a social network, else *paid other*
/// 2. a medium or source that says e-mail; a host of web mail: *email*
/// 3. a medium of displays (`display`, `banner`, ...): *display*; `affiliate`: *affiliates*
/// 4. a medium that says social, or a source that is a social network: *organic social*
/// 5. a medium `organic`, or a source that is a search engine: *organic search*
/// 6. a medium that says referral: *referral*
/// 7. any other campaign parameter: *campaign*
/// 8. a referrer of another site: *referral*; no referrer, or the site's own: *direct*
///
/// The source is `utm_source` where there is one, as a host or as the name of one (`google`), else the
/// referrer's host.
package enum Channel: String, CaseIterable, Sendable {
  case direct, referral, email, display, affiliates, campaign
  case organicSearch = "organic search"
  case organicSocial = "organic social"
  case paidSearch = "paid search"
  case paidSocial = "paid social"
  case paidOther = "paid other"

  /// What is known of an arrival; empty is the same as absent.
  package struct Arrival {
    package var referrerHost = ""
    package var siteHost = ""
    package var source = ""
    package var medium = ""
    package var campaign = ""
    /// The name of the parameter that carried a click id.
    package var clickID = ""

    package init() {}
  }

  package init(_ arrival: Arrival) {
    let medium = arrival.medium.lowercased()
    let referrer = arrival.referrerHost.lowercased()
    let isOwn = ReferrerHosts.isInside(referrer, of: arrival.siteHost.lowercased())
    let from =
      arrival.source.isEmpty
      ? (isOwn ? nil : ReferrerHosts.kind(ofHost: referrer))
      : ReferrerHosts.kind(ofSource: arrival.source.lowercased())
    if Self.isPaid(medium) || !arrival.clickID.isEmpty {
      switch Self.clickIDs[arrival.clickID.lowercased()] ?? from {
      case .search: self = .paidSearch
      case .social: self = .paidSocial
      case .email, nil: self = .paidOther
      }
    } else if from == .email
      || ["email", "e-mail", "e_mail", "e mail", "newsletter"].contains(medium)
    {
      self = .email
    } else if ["display", "banner", "expandable", "interstitial", "cpm"].contains(medium) {
      self = .display
    } else if medium == "affiliate" || medium == "affiliates" {
      self = .affiliates
    } else if from == .social || medium.hasPrefix("social") || medium == "sm" {
      self = .organicSocial
    } else if from == .search || medium == "organic" {
      self = .organicSearch
    } else if ["referral", "link", "app"].contains(medium) {
      self = .referral
    } else if !arrival.source.isEmpty || !medium.isEmpty || !arrival.campaign.isEmpty {
      self = .campaign
    } else {
      self = referrer.isEmpty || isOwn ? .direct : .referral
    }
  }

  private static func isPaid(_ medium: String) -> Bool {
    medium.hasPrefix("paid") || ["cpc", "ppc", "cpv", "cpa", "retargeting", "sem"].contains(medium)
  }

  /// The parameters in which advertisers hand over clicks. `fbclid` is none: links that nobody paid
  /// for have it too.
  private static let clickIDs: [String: ReferrerHosts.Kind] = [
    "gclid": .search, "gbraid": .search, "wbraid": .search, "msclkid": .search, "yclid": .search,
    "ttclid": .social, "twclid": .social, "li_fat_id": .social, "sccid": .social,
    "rdt_cid": .social,
  ]
}
