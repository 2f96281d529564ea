/// What a condition says of an event: a comparison with a value that is not there says neither yes nor
/// no (Kleene's three-valued logic). A filter lets through what says yes.
///
/// So `not (plan = "pro")` and `plan != "pro"` are the same condition, and neither lets an event
/// without a plan through; `or not exists(plan)` does. And the laws of De Morgan hold, so a negation
/// can be moved down to the comparisons and disappear in them.
package enum Truth: Equatable, Sendable {
  case no, unknown, yes

  package init(_ isSo: Bool) { self = isSo ? .yes : .no }

  package static prefix func ! (truth: Truth) -> Truth {
    switch truth {
    case .no: .yes
    case .unknown: .unknown
    case .yes: .no
    }
  }

  /// No where one of them says no, else unknown where one is.
  package static func && (left: Truth, right: Truth) -> Truth {
    if left == .no || right == .no { return .no }
    return left == .yes && right == .yes ? .yes : .unknown
  }

  /// Yes where one of them says yes, else unknown where one is.
  package static func || (left: Truth, right: Truth) -> Truth { !(!left && !right) }
}
