/// The known words of a user agent: the first that counts of each sort, and where it ends, since its
/// version stands behind it.
struct AgentWords {
  /// What a word may say beside the name of a browser or a system.
  struct Signs: OptionSet, Sendable {
    let rawValue: UInt16
    static let bot = Signs(rawValue: 1 << 0)
    static let mobile = Signs(rawValue: 1 << 1)
    static let tablet = Signs(rawValue: 1 << 2)
    static let tv = Signs(rawValue: 1 << 3)
    static let console = Signs(rawValue: 1 << 4)
    static let android = Signs(rawValue: 1 << 5)
    static let apple = Signs(rawValue: 1 << 6)
    static let webKit = Signs(rawValue: 1 << 7)
    static let webview = Signs(rawValue: 1 << 8)
    static let msie = Signs(rawValue: 1 << 9)
    /// A library that makes requests, if it is the first word.
    static let library = Signs(rawValue: 1 << 10)
    /// An address of somebody to ask.
    static let link = Signs(rawValue: 1 << 11)
  }

  private(set) var firstBrowser: Browser?
  private(set) var browserEnd = 0
  private(set) var firstSystem: System?
  private(set) var systemEnd = 0
  /// Behind `Version` and `rv`.
  private(set) var versionEnd = 0
  private(set) var revisionEnd = 0
  private var signs: Signs = []

  func has(_ sign: Signs) -> Bool { signs.contains(sign) }

  /// Words are letters, digits and underscores. Each is looked up by its hash, small letters and
  /// capitals alike.
  init(_ text: Span<UInt8>) {
    let table = AgentTable.shared
    let slots = table.slots.span
    let meanings = table.meanings.span
    var place = 0
    while place < text.count {
      var hash = AgentTable.seed
      var tail: UInt64 = 0
      let start = place
      while place < text.count {
        let byte = text[place]
        let lower = byte | 0x20
        let isLetter = lower >= 0x61 && lower <= 0x7A
        guard isLetter || (byte >= 0x30 && byte <= 0x39) || byte == 0x5F else { break }
        let folded = isLetter ? lower : byte
        hash = AgentTable.mix(hash, folded)
        tail = tail << 8 | UInt64(folded)
        place &+= 1
      }
      if place == start {
        // A page about itself is what bots offer: (+http://...).
        if text[place] == 0x2B, place + 1 < text.count, text[place + 1] | 0x20 == 0x68 {
          signs.insert(.bot)
        }
        place &+= 1
        continue
      }
      var slot = Int(truncatingIfNeeded: hash & AgentTable.mask)
      while slots[slot] != hash, slots[slot] != 0 { slot = (slot + 1) & Int(AgentTable.mask) }
      if slots[slot] == hash {
        take(meanings[slot], start..<place, text)
      } else {
        takeUnknown(tail, start..<place, text)
      }
    }
  }

  private mutating func take(_ meaning: AgentMeaning, _ range: Range<Int>, _ text: Span<UInt8>) {
    let end = range.upperBound
    signs.formUnion(meaning.signs)
    if meaning.signs.contains(.library), range.lowerBound == 0 { signs.insert(.bot) }
    if let browser = meaning.browser { take(browser, end, text) }
    if let system = meaning.system { take(system, end, text) }
    switch meaning.version {
    case .none: break
    case .ofBrowser: versionEnd = end
    case .revision: revisionEnd = end
    case .ofMini:
      if firstBrowser == .opera { (firstBrowser, browserEnd) = (.operaMini, end) }
    // `CPU iPhone OS 18_3`, `Mac OS X 10_15`, `Windows NT 10.0`: the number is behind another word.
    case .ofIOS:
      if firstSystem == .iOS || firstSystem == .windowsPhone, text.hasNumber(at: end) {
        systemEnd = end
      }
    case .ofMac: if firstSystem == .macOS { systemEnd = end }
    case .ofChromeOS: if firstSystem == .chromeOS { systemEnd = end }
    case .ofWindows: if firstSystem == .windows { systemEnd = end }
    case .ofPhone:
      guard firstSystem == .windows else { break }
      (firstSystem, systemEnd) = (.windowsPhone, end)
      signs.insert(.mobile)
    }
  }

  /// Words such as edge and line are also names of models; a browser has its version behind it.
  private mutating func take(_ browser: Browser, _ end: Int, _ text: Span<UInt8>) {
    let isNamed: Bool
    switch browser {
    case .safari, .opera, .twitter: isNamed = true
    case .internetExplorer, .instagram, .kakaoTalk:
      isNamed = text.hasNumber(at: end) || (end < text.count && text[end] == 0x2F)
    default: isNamed = end < text.count && text[end] == 0x2F
    }
    guard isNamed else { return }
    let isSame = firstBrowser == browser && !text.hasNumber(at: browserEnd)
    guard isSame || firstBrowser.map({ browser.rawValue < $0.rawValue }) ?? true else { return }
    (firstBrowser, browserEnd) = (browser, end)
  }

  private mutating func take(_ system: System, _ end: Int, _ text: Span<UInt8>) {
    let isSame =
      firstSystem == system && !text.hasNumber(at: systemEnd) && text.hasNumber(at: end)
    guard isSame || firstSystem.map({ system.rawValue < $0.rawValue }) ?? true else { return }
    (firstSystem, systemEnd) = (system, end)
  }

  /// Names of which there are too many are known by their ends: `Googlebot`, and Amazon's models.
  private mutating func takeUnknown(_ tail: UInt64, _ range: Range<Int>, _ text: Span<UInt8>) {
    for suffix in AgentTable.botSuffixes where tail & suffix.mask == suffix.text {
      signs.insert(.bot)
      return
    }
    guard has(.android), range.count >= 4 else {
      if tail & 0xFFFF == 0x7476 { signs.insert(.tv) }
      return
    }
    let (a, b, c) = (text[range.lowerBound], text[range.lowerBound + 1], text[range.lowerBound + 2])
    if a == 0x41, b == 0x46, c == 0x54 { signs.insert(.tv) }
    if a == 0x4B, b == 0x46, (0x41...0x5A).contains(c) { signs.insert(.tablet) }
    if tail & 0xFFFF == 0x7476 { signs.insert(.tv) }
  }
}

extension Span<UInt8> {
  /// Whether a digit stands behind the byte at `end`, which follows a word.
  fileprivate func hasNumber(at end: Int) -> Bool {
    guard end + 1 < count, self[end] == 0x20 || self[end] == 0x2F || self[end] == 0x3A else {
      return false
    }
    return (0x30...0x39).contains(self[end + 1])
  }
}
