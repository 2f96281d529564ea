/// Prometheus' text format read by the letter of its description, as the model that the writer has
/// to agree with.
struct ParsedExposition {
  struct Series: Hashable {
    let name: String
    let labels: [String: String]
  }
  struct Problem: Error {
    let line: String
  }

  var samples: [Series: Double] = [:]
  var types: [String: String] = [:]
  var help: [String: String] = [:]

  init(_ bytes: [UInt8]) throws(Problem) {
    guard bytes.last == 0x0A else { throw Problem(line: "no line feed at the end") }
    for line in bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) {
      let line = Array(String(decoding: line, as: UTF8.self).unicodeScalars)
      if line.first == "#" { try readComment(line) } else { try readSample(line) }
    }
  }

  private mutating func readComment(_ line: [Unicode.Scalar]) throws(Problem) {
    let words = text(line).split(separator: " ", maxSplits: 3).map(String.init)
    guard words.count == 4, words[0] == "#" else { throw Problem(line: text(line)) }
    switch words[1] {
    case "HELP":
      guard help[words[2]] == nil else { throw Problem(line: text(line)) }
      help[words[2]] = unescaped(words[3])
    case "TYPE":
      guard types[words[2]] == nil else { throw Problem(line: text(line)) }
      types[words[2]] = words[3]
    default: throw Problem(line: text(line))
    }
  }

  private mutating func readSample(_ line: [Unicode.Scalar]) throws(Problem) {
    var index = line.firstIndex { $0 == "{" || $0 == " " } ?? line.endIndex
    let name = text(line[..<index])
    var labels: [String: String] = [:]
    if index < line.endIndex, line[index] == "{" {
      index += 1
      while index < line.endIndex, line[index] != "}" {
        guard let equals = line[index...].firstIndex(of: "="), line[equals + 1] == "\"" else {
          throw Problem(line: text(line))
        }
        let label = text(line[index..<equals])
        index = equals + 2
        let start = index
        while line[index] != "\"" { index += line[index] == "\\" ? 2 : 1 }
        guard labels.updateValue(unescaped(text(line[start..<index])), forKey: label) == nil else {
          throw Problem(line: text(line))
        }
        index += 1
        if line[index] == "," { index += 1 }
      }
      index += 1
    }
    let value = text(line[(index + 1)...]).replacing("+Inf", with: "inf").replacing(
      "-Inf", with: "-inf")
    guard line[index] == " ", let number = Double(value.lowercased()) else {
      throw Problem(line: text(line))
    }
    let series = Series(name: name, labels: labels)
    guard samples.updateValue(number, forKey: series) == nil else {
      throw Problem(line: text(line))
    }
  }

  private func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars)
    return String(text)
  }

  private func unescaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in text.unicodeScalars {
      if isEscaped {
        result.append(scalar == "n" ? "\n" : scalar)
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}
