/// Browsers that are told apart. Of several in one agent the first in this list is it: apps before the
/// browsers that they are made of, and those before the ones that they claim to be compatible with.
package enum Browser: UInt8, CaseIterable, Sendable {
  case facebook, instagram, tiktok, snapchat, pinterest, linkedIn, twitter, weChat, line, kakaoTalk
  case whatsApp, googleApp, baidu, naver
  case duckDuckGo, brave, vivaldi, yandex, samsung, huawei, miui, oppo, vivo, meizu, uc, qqBrowser,
    qq
  case quark, whale, silk, puffin, sogou, maxthon, aloha, ecosia, phoenix, oculus, coccoc, qihoo
  case operaMini, opera, edge, internetExplorerMobile, internetExplorer
  case firefoxFocus, seaMonkey, paleMoon, waterfox, firefox
  case epiphany, konqueror, falkon, netFront, nokia, blackBerryBrowser, obigo, dolphin
  case headlessChrome, chromium, chrome, androidWebview, androidBrowser, safari, iOSWebview

  package var name: String { Self.names[Int(rawValue)] }

  private static let names = [
    "Facebook", "Instagram", "TikTok", "Snapchat", "Pinterest", "LinkedIn", "Twitter", "WeChat",
    "LINE", "KakaoTalk", "WhatsApp", "Google App", "Baidu", "Naver", "DuckDuckGo", "Brave",
    "Vivaldi",
    "Yandex Browser", "Samsung Internet", "Huawei Browser", "Mi Browser", "Oppo Browser",
    "vivo Browser", "Meizu Browser", "UC Browser", "QQ Browser", "QQ", "Quark", "Whale",
    "Amazon Silk", "Puffin", "Sogou", "Maxthon", "Aloha", "Ecosia", "Phoenix", "Meta Quest Browser",
    "Coc Coc", "360 Browser", "Opera Mini", "Opera", "Edge", "IE Mobile", "Internet Explorer",
    "Firefox Focus", "SeaMonkey", "Pale Moon", "Waterfox", "Firefox", "GNOME Web", "Konqueror",
    "Falkon", "NetFront", "Nokia Browser", "BlackBerry", "Obigo", "Dolphin", "Headless Chrome",
    "Chromium", "Chrome", "Android Webview", "Android Browser", "Safari", "iOS Webview",
  ]
}

/// Systems that are told apart; of several in one agent the first in this list is it.
package enum System: UInt8, CaseIterable, Sendable {
  case xbox, playStation, nintendo, windowsPhone, tvOS, webOS, roku, tizen, kaiOS, harmonyOS
  case android, iOS, chromeOS, windows, macOS, blackBerry, symbian, linux, javaME

  package var name: String { Self.names[Int(rawValue)] }

  private static let names = [
    "Xbox", "PlayStation", "Nintendo", "Windows Phone", "tvOS", "webOS", "Roku OS", "Tizen",
    "KaiOS",
    "HarmonyOS", "Android", "iOS", "Chrome OS", "Windows", "macOS", "BlackBerry OS", "Symbian",
    "Linux", "Java ME",
  ]
}

/// What a word means.
struct AgentMeaning: Sendable {
  enum Version: Sendable {
    case none, ofBrowser, revision, ofMini, ofIOS, ofMac, ofChromeOS, ofWindows, ofPhone
  }

  var browser: Browser?
  var system: System?
  var signs: AgentWords.Signs = []
  var version = Version.none
}

/// The words, found by a hash of 64 bits.
struct AgentTable: Sendable {
  static let shared = AgentTable()
  static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
  static let mask: UInt64 = 1_023

  let slots: [UInt64]
  let meanings: [AgentMeaning]

  static func mix(_ hash: UInt64, _ byte: UInt8) -> UInt64 {
    (hash ^ UInt64(byte)) &* 0x100_0000_01B3
  }

  static func hash(_ word: String) -> UInt64 { word.utf8.reduce(seed, mix) }

  private init() {
    var slots = [UInt64](repeating: 0, count: Int(Self.mask) + 1)
    var meanings = [AgentMeaning](repeating: AgentMeaning(), count: slots.count)
    func add(_ words: String, _ meaning: AgentMeaning) {
      for word in words.split(separator: " ") {
        let hash = Self.hash(String(word))
        var slot = Int(truncatingIfNeeded: hash & Self.mask)
        while slots[slot] != 0 {
          precondition(slots[slot] != hash, "\(word) means two things")
          slot = (slot + 1) & Int(Self.mask)
        }
        slots[slot] = hash
        meanings[slot] = meaning
      }
    }
    for (words, browser) in Self.browsers { add(words, AgentMeaning(browser: browser)) }
    for (words, system, signs) in Self.systems {
      add(words, AgentMeaning(system: system, signs: signs))
    }
    for (words, signs) in Self.signs { add(words, AgentMeaning(signs: signs)) }
    for (words, browser, signs) in Self.browsersOfDevices {
      add(words, AgentMeaning(browser: browser, signs: signs))
    }
    add("ipad", AgentMeaning(system: .iOS, signs: [.apple, .tablet]))
    add("version", AgentMeaning(version: .ofBrowser))
    add("rv", AgentMeaning(version: .revision))
    add("mini", AgentMeaning(version: .ofMini))
    add("os", AgentMeaning(version: .ofIOS))
    add("ios iphoneos ipados", AgentMeaning(system: .iOS, signs: .apple, version: .ofIOS))
    add("x86_64 armv7l aarch64", AgentMeaning(version: .ofChromeOS))
    add("x", AgentMeaning(version: .ofMac))
    add("nt", AgentMeaning(version: .ofWindows))
    add("phone", AgentMeaning(signs: .mobile, version: .ofPhone))
    self.slots = slots
    self.meanings = meanings
  }

  private static let browsers: [(String, Browser)] = [
    ("fban fbav fb_iab fbios fbss facebook messenger messengerforios", .facebook),
    ("instagram barcelona", .instagram),
    ("musical_ly bytedancewebview tiktok bytelocale ultralite trill", .tiktok),
    ("snapchat", .snapchat), ("pinterest", .pinterest), ("linkedinapp", .linkedIn),
    ("twitter twitterandroid", .twitter), ("micromessenger", .weChat), ("line liff", .line),
    ("kakaotalk", .kakaoTalk), ("whatsapp", .whatsApp), ("gsa googleapp", .googleApp),
    ("baiduboxapp baidubrowser bidubrowser baiduhd baidu baiduboxlite", .baidu), ("naver", .naver),
    ("duckduckgo ddg", .duckDuckGo), ("brave", .brave), ("vivaldi", .vivaldi),
    ("yabrowser yasearchbrowser yowser", .yandex), ("samsungbrowser", .samsung),
    ("huaweibrowser hbpc", .huawei), ("miuibrowser xiaomi_miuibrowser mibrowser", .miui),
    ("heytapbrowser oppobrowser", .oppo), ("vivobrowser", .vivo), ("mzbrowser", .meizu),
    ("ucbrowser ubrowser ucturbo ucmini", .uc), ("mqqbrowser qqbrowser", .qqBrowser),
    ("qq", .qq), ("quark", .quark), ("whale", .whale), ("silk", .silk), ("puffin", .puffin),
    ("sogoumobilebrowser metasr sogou sogoumse", .sogou), ("maxthon mxbrowser mxios", .maxthon),
    ("alohabrowser", .aloha), ("ecosia", .ecosia), ("phx phoenix", .phoenix),
    ("oculusbrowser", .oculus), ("coc_coc_browser", .coccoc),
    ("qhbrowser 360se 360ee qihoobrowser", .qihoo), ("opera opr opt opios oprgx", .opera),
    ("edg edga edgios edge edgw", .edge), ("iemobile", .internetExplorerMobile),
    ("trident", .internetExplorer), ("focus klar", .firefoxFocus), ("seamonkey", .seaMonkey),
    ("palemoon", .paleMoon), ("waterfox", .waterfox),
    ("firefox fxios fennec minefield iceweasel librewolf", .firefox), ("epiphany", .epiphany),
    ("konqueror", .konqueror), ("falkon qupzilla", .falkon), ("netfront", .netFront),
    ("nokiabrowser browserng s40ovibrowser", .nokia), ("obigo obigointernetbrowser", .obigo),
    ("dolphin", .dolphin), ("chromium", .chromium), ("chrome crios", .chrome), ("safari", .safari),
  ]

  private static let systems: [(String, System, AgentWords.Signs)] = [
    ("xbox", .xbox, .console), ("playstation playstation4 playstation5", .playStation, .console),
    ("nintendo nintendobrowser", .nintendo, .console), ("appletv tvos", .tvOS, .tv),
    ("web0s webos netcast hpwos", .webOS, []), ("roku", .roku, .tv), ("tizen", .tizen, []),
    ("kaios", .kaiOS, .mobile), ("harmonyos openharmony harmony", .harmonyOS, []),
    ("android andr0id adr", .android, .android), ("iphone ipod", .iOS, [.apple, .mobile]),
    ("cros", .chromeOS, []),
    ("windows winnt win98 win95 win32", .windows, []), ("macintosh mac macos", .macOS, []),
    ("blackberry bb10 playbook rim", .blackBerry, .mobile),
    ("symbian symbianos series60 series40 s60", .symbian, .mobile),
    ("linux x11 ubuntu fedora debian freebsd openbsd netbsd sunos", .linux, []),
    ("midp j2me", .javaME, .mobile),
  ]

  private static let browsersOfDevices: [(String, Browser, AgentWords.Signs)] = [
    ("msie", .internetExplorer, .msie), ("headlesschrome", .headlessChrome, .bot),
  ]

  private static let signs: [(String, AgentWords.Signs)] = [
    ("mobile mobi iemobile7 phone7 smartphone", .mobile),
    ("tablet tab kindle transformer pad", .tablet),
    ("applewebkit", .webKit), ("wv", .webview),
    (
      "tv smarttv hbbtv googletv bravia crkey viera dtv nettv netrange vidaa dlnadoc omi tvbro "
        + "espial philipstv settopbox stb mitv firetv chromecast inettvbrowser swtv "
        + "aftt aftb afts aftm", .tv
    ),
    (
      "curl wget python urllib aiohttp httpx go libwww lwp perl java httpclient apache axios node "
        + "fetch undici guzzlehttp postmanruntime insomnia zapier ruby faraday rust reqwest",
      .library
    ),
    ("http https www", .link),
    (
      "bot robot spider crawler facebookexternalhit facebookcatalog mediapartners slurp scrapy "
        + "phantomjs lighthouse pingdom uptimerobot ahrefs bingpreview snippet preview validator "
        + "w3c_validator checklink selenium puppeteer playwright gtmetrix statuscake nagios zabbix "
        + "datadog synthetics inspectiontool vkshare embedly nutch heritrix ia_archiver sitemap "
        + "monitoring monitor checker scanner nmap masscan zgrab nikto sqlmap feedfetcher feedly "
        + "feedburner censysinspect expanse netcraft ptst chatgpt claude anthropic perplexity "
        + "transcoder archiver crawling", .bot
    ),
  ]

  /// The ends of words that only bots have, as the last eight bytes.
  static let botSuffixes: [(text: UInt64, mask: UInt64)] = [
    "bot", "spider", "crawler", "crawl", "fetcher", "scanner", "checker", "monitor", "preview",
    "synthetic", "validator", "robot", "archiver", "externalhit", "inspector", "probe",
  ].map { suffix in
    let bytes = suffix.utf8.suffix(8)
    let mask = bytes.count == 8 ? UInt64.max : (1 << (8 * UInt64(bytes.count))) - 1
    return (bytes.reduce(0) { $0 << 8 | UInt64($1) }, mask)
  }
}
