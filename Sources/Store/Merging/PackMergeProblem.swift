import Sections

/// Why a merge came to nothing: its inputs stay as they are.
enum PackMergeProblem: Error, Equatable {
  case section(SectionProblem)
  case pack(PackProblem)
  /// An input is not what it was when the merge began.
  case overtaken
}
