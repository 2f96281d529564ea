/// What a `User-Agent` header says about who asked: browser, system and kind of device. Read from what
/// its words are, in one pass, without allocating: versions fit the fifteen bytes that a `String` holds
/// in place.
///
/// A model's name is not looked up. An Android device that calls itself neither mobile nor a television
/// is a tablet, and an iPad that asks for desktop sites is a Mac, as it says.
package struct UserAgent: Equatable, Sendable {
  package enum Device: String, CaseIterable, Sendable {
    case desktop, mobile, tablet, tv, console, bot
  }

  /// More is not looked at.
  static let longest = 512

  /// Nil where none is recognised, and of bots.
  package private(set) var browser: Browser?
  package private(set) var browserVersion: String?
  package private(set) var system: System?
  package private(set) var systemVersion: String?
  package private(set) var device: Device?

  package var isBot: Bool { device == .bot }

  package init(_ bytes: Span<UInt8>) {
    let text = bytes.extracting(first: min(bytes.count, Self.longest))
    let words = AgentWords(text)
    // An address is where somebody may be asked about their program.
    if words.has(.bot) || words.has(.link) {
      device = .bot
    } else {
      (browser, browserVersion) = words.browser(text)
      device = words.device
    }
    (system, systemVersion) = words.system(text)
  }
}

extension AgentWords {
  /// The most particular of the browsers that are named, since each also names those it descends from.
  func browser(_ text: Span<UInt8>) -> (Browser?, String?) {
    guard let named = firstBrowser else {
      // A page inside of an app has all that Safari has but its name.
      if has(.apple), has(.webKit) { return (.iOSWebview, nil) }
      return (nil, nil)
    }
    let own = text.version(at: browserEnd)
    switch named {
    case .safari where has(.android): return (.androidBrowser, version(text))
    case .safari: return (.safari, version(text) ?? own)
    case .chrome where has(.webview) || (has(.android) && versionEnd > 0):
      return (.androidWebview, own)
    case .internetExplorer:
      // The eleventh calls itself by its engine and a revision.
      return (named, revisionEnd > 0 && !has(.msie) ? text.version(at: revisionEnd) : own)
    case .opera: return (named, versionEnd > 0 && !has(.webKit) ? version(text) : own)
    default: return (named, own)
    }
  }

  private func version(_ text: Span<UInt8>) -> String? {
    versionEnd > 0 ? text.version(at: versionEnd) : nil
  }

  func system(_ text: Span<UInt8>) -> (System?, String?) {
    guard let named = firstSystem else { return (nil, nil) }
    let written = systemEnd > 0 ? text.version(at: systemEnd) : nil
    guard named == .windows else { return (named, written) }
    switch written {
    case "10.0": return (named, "10")
    case "6.3": return (named, "8.1")
    case "6.2": return (named, "8")
    case "6.1": return (named, "7")
    case "6.0": return (named, "Vista")
    case "5.1", "5.2": return (named, "XP")
    case "5.0": return (named, "2000")
    default: return (named, written)
    }
  }

  var device: UserAgent.Device? {
    if has(.console) { return .console }
    if has(.tv) { return .tv }
    if has(.tablet) { return .tablet }
    if has(.mobile) { return .mobile }
    if has(.android) { return .tablet }
    switch firstSystem {
    case .windows, .macOS, .linux, .chromeOS: return .desktop
    case .iOS, .windowsPhone, .kaiOS, .blackBerry, .symbian, .javaME, .harmonyOS: return .mobile
    case .tvOS, .webOS, .roku, .tizen: return .tv
    case .playStation, .xbox, .nintendo: return .console
    case .android: return .tablet
    case nil: return nil
    }
  }
}

extension Span<UInt8> {
  /// The number behind a name: `/13.1`, ` 10_15_7`, `:11.0`; at most four parts and 15 bytes.
  fileprivate func version(at end: Int) -> String? {
    var place = end
    while place < count, place < end + 2, [0x20, 0x2F, 0x3A, 0x28].contains(self[place]) {
      place += 1
    }
    // Some write v13.
    if place + 1 < count, self[place] | 0x20 == 0x76 { place += 1 }
    let first = place
    var parts = 1
    var last = first
    while place < count, place - first < 15 {
      let byte = self[place]
      if (0x30...0x39).contains(byte) {
        last = place + 1
      } else if byte == 0x2E || byte == 0x5F, parts < 4, last == place, place > first {
        parts += 1
      } else {
        break
      }
      place += 1
    }
    guard last > first else { return nil }
    return unsafe String(unsafeUninitializedCapacity: last - first) { target in
      for index in 0..<(last - first) {
        // SAFETY: as many bytes as the capacity asked for.
        unsafe target[index] = self[first + index] == 0x5F ? 0x2E : self[first + index]
      }
      return last - first
    }
  }
}
