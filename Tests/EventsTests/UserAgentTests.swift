import Platform
import Testing

@testable import Events

/// `Fixtures/user-agents.tsv` has real agents with the labels that another reader gives them: every n-th
/// of those seen most on the web (fake-useragent 2.2.0, labelled by ua-parser). Names are ours; versions
/// are the first two numbers. The labels stay as they came, also where they are arguable.
@Suite("User agents") struct UserAgentTests {
  struct Sample {
    let list: String
    let labels: [String]
    let agent: String
  }

  static func samples() throws -> [Sample] {
    let folder = "/" + "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    let file = try File(folder + "/Fixtures/user-agents.tsv", for: .reading)
    let bytes = try file.read(file.size, at: 0)
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().map { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      return Sample(list: fields[0], labels: Array(fields[1...5]), agent: fields[6])
    }
  }

  /// How often each field is as labelled, in percent; versions where the name is.
  private func accuracy(of samples: [Sample]) -> [Double] {
    var right = [0, 0, 0, 0, 0]
    var asked = right
    for sample in samples {
      let bytes = Array(sample.agent.utf8)
      let agent = UserAgent(bytes.span)
      let found = [
        agent.browser?.name ?? "", short(agent.browserVersion), agent.system?.name ?? "",
        short(agent.systemVersion), agent.device?.rawValue ?? "",
      ]
      for field in 0..<5 where !sample.labels[field].isEmpty {
        if field == 1 || field == 3, found[field - 1] != sample.labels[field - 1] { continue }
        asked[field] += 1
        if found[field] == short(sample.labels[field], of: field) { right[field] += 1 }
      }
    }
    return (0..<5).map { Double(100 * right[$0]) / Double(max(asked[$0], 1)) }
  }

  private func short(_ version: String?) -> String {
    let parts = (version ?? "").split(separator: ".").prefix(2)
    return parts.count == 2 && parts[1] == "0" ? String(parts[0]) : parts.joined(separator: ".")
  }

  private func short(_ label: String, of field: Int) -> String {
    field == 1 || field == 3 ? short(label) : label
  }

  /// In the order browser, version, system, version, device; what the semantics state.
  @Test(
    "are read as other readers do",
    arguments: [("traffic", [98, 98.9, 100, 100, 99.5])])
  func accuracy(list: String, least: [Double]) throws {
    let samples = try Self.samples()
    #expect(samples.count == 200)
    let reached = accuracy(of: samples.filter { $0.list == list })
    print("user agents, \(list): \(reached)")
    for field in 0..<5 { #expect(reached[field] >= least[field], "\(list), field \(field)") }
  }

  static let examples: [(String, String)] = [
    (
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/134.0.0.0 Safari/537.36 Edg/134.0.3124.68",
      "Edge 134.0.3124.68 Windows 10 desktop"
    ),
    (
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        + "Gecko) Version/18.3.1 Mobile/15E148 Safari/604.1", "Safari 18.3.1 iOS 18.3.2 mobile"
    ),
    (
      "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/134.0.0.0 Safari/537.36", "Chrome 134.0.0.0 Chrome OS 14541.0.0 desktop"
    ),
    (
      "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
      "Internet Explorer 11.0 Windows 7 desktop"
    ),
    ("Opera/9.80 (J2ME/MIDP; Opera Mini/7.1; U; en) Presto/2.8", "Opera Mini 7.1 Java ME - mobile"),
    (
      "Mozilla/5.0 (Linux; Android 12; Razer Edge 5G) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/124.0.0.0 Mobile Safari/537.36", "Chrome 124.0.0.0 Android 12 mobile"
    ),
    (
      "Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        + "Version/13.0 Safari/605.1.15", "Safari 13.0 PlayStation 5 console"
    ),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "- - - - bot"),
    ("curl/8.5.0", "- - - - bot"), ("", "- - - - -"), ("something else", "- - - - -"),
  ]

  @Test("give browser, system and device", arguments: examples.indices)
  func says(index: Int) {
    let (text, expected) = Self.examples[index]
    let bytes = Array(text.utf8)
    let agent = UserAgent(bytes.span)
    let found = [
      agent.browser?.name, agent.browserVersion, agent.system?.name, agent.systemVersion,
      agent.device?.rawValue,
    ]
    #expect(found.map { $0 ?? "-" }.joined(separator: " ") == expected)
    #expect(agent.isBot == expected.hasSuffix("bot"))
  }

  @Test("cut anywhere, and with any byte changed, are read without a trap")
  func hostile() throws {
    for sample in try Self.samples().prefix(40) {
      var bytes = Array(sample.agent.utf8)
      for count in 0...bytes.count { _ = UserAgent(bytes.span.extracting(first: count)) }
      for index in bytes.indices {
        bytes[index] ^= 0x80
        _ = UserAgent(bytes.span)
        bytes[index] ^= 0xA0
        _ = UserAgent(bytes.span)
        bytes[index] ^= 0x20
      }
    }
    let long = Array(String(repeating: "Chrome/1.2.3.4.5 ", count: 1_000).utf8)
    #expect(UserAgent(long.span).browserVersion == "1.2.3.4")
  }

  @Test("have a name for each browser and system, and a word means one thing")
  func tables() {
    #expect(Set(Browser.allCases.map(\.name)).count == Browser.allCases.count)
    #expect(Set(System.allCases.map(\.name)).count == System.allCases.count)
    // Long walks to a free slot would be slow.
    let used = AgentTable.shared.slots.count { $0 != 0 }
    #expect(used * 2 < AgentTable.shared.slots.count, "\(used)")
  }
}
