package import Calendar

/// What can be asked of a project's events. Its answer carries the definition that it follows.
package protocol Question: Equatable, Sendable {
  associatedtype Content: Equatable, Sendable

  var scope: Scope { get }
  /// The rules that this question follows, beside those that its scope says.
  var rules: [Rule] { get }
  /// Finds what no answer could make sense of, before any work is done.
  func check() throws(QueryError)
}

/// A question's answer, and what exactly it is the answer to.
package struct Answer<Content: Equatable & Sendable>: Equatable, Sendable {
  package var definition: Definition
  package var content: Content
  /// What could not be read, in words: the answer is one without it.
  package var missing: [String]

  package init(_ content: Content, by definition: Definition, missing: [String] = []) {
    self.definition = definition
    self.content = content
    self.missing = missing
  }
}

/// What a number means: whoever reads the answer alone can tell.
package struct Definition: Equatable, Sendable {
  package var range: Range<Instant>
  package var zone: Zone
  package var weekStart: Weekday
  package var profiles: ProfileTime
  /// Events that were committed later than this are not in the answer.
  package var asOf: Instant
  /// Nil where no people are counted.
  package var uniques: UniqueMethod?
  package var rules: [Rule]

  package init(
    of question: some Question, asOf: Instant, uniques: UniqueMethod? = nil
  ) {
    range = question.scope.range
    zone = question.scope.zone
    weekStart = question.scope.weekStart
    profiles = question.scope.profiles
    self.asOf = asOf
    self.uniques = uniques
    rules = question.rules
  }
}

/// One rule by its name, and which of the usual ones it is: `("window", "14 days from the first step")`.
package struct Rule: Hashable, Sendable {
  package let name: String
  package let text: String

  package init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }
}

/// How different people were told apart.
package enum UniqueMethod: String, Sendable {
  /// By ids that stay.
  case exact
  /// Some by ids that last a day, so that who came on two days counts twice.
  case sumOfDaily = "sum_of_daily"
}

/// What an answer may cost. Who runs out of it says so; nobody guesses.
package struct Limits: Equatable, Sendable {
  package static let standard = Limits(time: .seconds(30), memoryBytes: 256 << 20)

  /// From when the question is taken up.
  package var time: Duration
  package var memoryBytes: Int

  package init(time: Duration, memoryBytes: Int) {
    self.time = time
    self.memoryBytes = memoryBytes
  }
}
