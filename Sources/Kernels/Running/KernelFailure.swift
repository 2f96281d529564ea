package import Query
package import Sections

/// Why a kernel stopped.
package enum KernelFailure: Error, Equatable {
  case question(QueryError)
  /// A section cannot be read: which, by its place in the snapshot, and why.
  case section(Int, SectionProblem)

  /// Marks whatever goes wrong while a section is read as that section's.
  @inline(__always)
  package static func naming<Result>(
    _ section: Int, _ body: () throws(SectionProblem) -> Result
  ) throws(KernelFailure) -> Result {
    do { return try body() } catch { throw .section(section, error) }
  }
}

/// A section that an answer does not know, since it could not be read.
package struct MissingSection: Error, Equatable, Sendable {
  /// Its place in the snapshot.
  package let number: Int
  package let window: Window
  package let rowCount: Int
  package let problem: SectionProblem
}

extension MissingSection: CustomStringConvertible {
  package var description: String {
    "\(rowCount) events of month \(window.code) cannot be read: \(problem)"
  }
}
