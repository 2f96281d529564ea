/// Why a section's bytes cannot be used. What it names is damaged; everything else can go on.
package enum SectionProblem: Error, Equatable, Sendable {
  /// The extent is not there, or not as it was written.
  case unreadable(extent: Int)
  /// The extent's bytes contradict themselves or their root.
  case damaged(extent: Int)
  /// The root's bytes contradict themselves from here on.
  case badRoot(at: Int)
  case unknownVersion(UInt32)
  /// The keys were made with another secret.
  case foreignSecret
  /// The directory is not one, or its numbers disagree.
  case directory(String)
  /// What was read is not a column of this kind and count.
  case column(String)
}
