/// A section of a snapshot that cannot be read, by its place there: whoever reads several at once says
/// which of them it was, so that the others can be asked without it.
package struct SectionDamage: Error, Equatable {
  package let section: Int
  package let problem: SectionProblem

  /// Marks whatever goes wrong while a section is read as that section's.
  static func naming<Result>(
    _ section: Int, _ body: () throws(SectionProblem) -> Result
  ) throws(SectionDamage) -> Result {
    do { return try body() } catch { throw SectionDamage(section: section, problem: error) }
  }
}
