/// Hosts that refer many visits, and what they are. A host counts with everything below it; engines
/// with a site in each country count under any ending (`google.co.uk`).
enum ReferrerHosts {
  enum Kind: Sendable { case search, social, email }

  /// Of a referrer: the longest ending of the host that is known.
  static func kind(ofHost host: String) -> Kind? {
    var rest = host[...]
    while true {
      if let kind = hosts[String(rest)] { return kind }
      guard let dot = rest.firstIndex(of: ".") else { break }
      rest = rest[rest.index(after: dot)...]
    }
    let labels = host.split(separator: ".")
    // `www.google.de`, `de.search.yahoo.com`: a name before an ending of one or two short labels, and
    // behind nothing that would be another service.
    for (index, label) in labels.enumerated() {
      guard let kind = anyEnding[String(label)] else {
        if label.utf8.count > 2, !["www", "search", "images"].contains(label) { break }
        continue
      }
      let ending = labels[(index + 1)...]
      if (1...2).contains(ending.count), ending.allSatisfy({ $0.utf8.count <= 3 }) { return kind }
    }
    return nil
  }

  /// Of `utm_source`: a host, or the name of one without its ending.
  static func kind(ofSource source: String) -> Kind? {
    if source.contains(".") { return kind(ofHost: source) }
    return anyEnding[source] ?? names[source] ?? hosts[source + ".com"]
  }

  /// Whether both are the same site, with or without `www`, or one below the other.
  static func isInside(_ host: String, of site: String) -> Bool {
    func bare(_ host: String) -> Substring {
      host.hasPrefix("www.") ? host.dropFirst(4) : host[...]
    }
    let (host, site) = (bare(host), bare(site))
    return !site.isEmpty && (host == site || host.hasSuffix("." + site))
  }

  private static func table(_ lists: [(Kind, String)]) -> [String: Kind] {
    var table: [String: Kind] = [:]
    for (kind, list) in lists {
      for name in list.split(separator: " ") { table[String(name)] = kind }
    }
    return table
  }

  private static let anyEnding = table([
    (.search, "google bing yahoo yandex baidu ecosia startpage qwant duckduckgo ask aol"),
    (.social, "pinterest"),
  ])

  private static let names = table([
    (.social, "fb ig insta x linkedin twitter meta yt threads mastodon bluesky whatsapp telegram"),
    (.email, "email e-mail newsletter mailchimp mailjet hubspot_email klaviyo sendgrid brevo"),
  ])

  private static let hosts = table([
    (
      .search,
      "search.brave.com kagi.com naver.com daum.net seznam.cz sogou.com so.com sm.cn mojeek.com "
        + "swisscows.com metager.org metager.de presearch.com you.com perplexity.ai search.marginalia.nu "
        + "rambler.ru go.mail.ru coccoc.com ya.ru lens.google.com dogpile.com lycos.com onet.pl "
        + "virgilio.it excite.com suche.t-online.de suche.web.de search.gmx.net alohafind.com "
        + "petalsearch.com haosou.com search.ch yep.com luxxle.com"
    ),
    (
      .social,
      "facebook.com fb.com fb.me l.facebook.com instagram.com threads.net threads.com t.co x.com "
        + "twitter.com linkedin.com lnkd.in reddit.com redd.it out.reddit.com youtube.com youtu.be "
        + "tiktok.com snapchat.com pin.it vk.com vk.ru ok.ru weibo.com weibo.cn t.cn xing.com "
        + "tumblr.com quora.com medium.com news.ycombinator.com lobste.rs mastodon.social "
        + "mastodon.online bsky.app go.bsky.app discord.com discord.gg telegram.org t.me whatsapp.com "
        + "wa.me line.me stackoverflow.com stackexchange.com producthunt.com flipboard.com "
        + "messenger.com twitch.tv douban.com zhihu.com nextdoor.com "
        + "kakao.com plurk.com livejournal.com mixi.jp"
    ),
    (
      .email,
      "mail.google.com mail.yahoo.com outlook.live.com outlook.office.com outlook.office365.com "
        + "mail.aol.com mail.proton.me mail.zoho.com mail.yandex.ru mail.yandex.com e.mail.ru "
        + "webmail.gmx.net navigator.gmx.net navigator.web.de mail.qq.com mail.163.com fastmail.com "
        + "app.fastmail.com email.t-online.de deref-gmx.net deref-web.de deref-mail.com mail.com "
        + "mailchi.mp list-manage.com campaign-archive.com createsend.com"
    ),
  ])
}
