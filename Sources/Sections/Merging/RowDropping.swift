/// Which rows a merge leaves out: of each person the rows of some stretch of time. Retention takes what
/// is old from everybody, an erasure takes everything from somebody.
package struct RowDropping: Sendable {
  private let times: (@Sendable (PersonHash?) -> ClosedRange<Int64>?)?

  /// `times` is asked once for each person of the result, and once for the rows of nobody (nil): rows
  /// with such times are left out.
  package init(_ times: @escaping @Sendable (PersonHash?) -> ClosedRange<Int64>?) {
    self.times = times
  }

  private init() { times = nil }

  /// Leaves nothing out.
  package static let nothing = RowDropping()

  /// Leaves out what was before this time.
  package static func before(_ time: Int64) -> RowDropping {
    time == .min ? .nothing : RowDropping { _ in .min...(time - 1) }
  }

  func times(of person: PersonHash?) -> ClosedRange<Int64>? { times?(person) }
}
