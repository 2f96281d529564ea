/// What the command line says.
struct Options {
  let folder: String
  let manifest: String
  /// Empty: all.
  private(set) var queries: Set<String> = []
  private(set) var runs = 7
  private(set) var threads = 2
  private(set) var seed: UInt64 = 1
  /// Where exported rows go.
  private(set) var export: String?
  private(set) var printsAnswers = true
  /// A file of questions, instead of the workload's.
  private(set) var questions: String?

  init(_ arguments: [String]) throws(Complaint) {
    var places: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        places.append(argument)
        continue
      }
      guard let value = rest.popFirst() else { throw Complaint("\(argument) needs a value") }
      switch argument {
      case "--queries": queries = Set(value.split(separator: ",").map(String.init))
      case "--runs": runs = try Self.number(argument, value)
      case "--threads": threads = try Self.number(argument, value)
      case "--seed": seed = UInt64(try Self.number(argument, value))
      case "--export": export = value
      case "--questions": questions = value
      case "--answers": printsAnswers = value == "yes"
      default: throw Complaint("what is \(argument)?")
      }
    }
    guard places.count == (questions == nil ? 2 : 1), threads > 0 else {
      throw Complaint("usage: answers <data folder> <manifest.json | --questions file> [options]")
    }
    folder = places[0]
    manifest = places.count == 2 ? places[1] : ""
  }

  private static func number(_ option: String, _ value: String) throws(Complaint) -> Int {
    guard let number = Int(value), number >= 0 else {
      throw Complaint("\(option) needs a number, not \(value)")
    }
    return number
  }
}
