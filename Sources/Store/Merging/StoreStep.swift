/// Where a seal, a merge or the unlinking of files stands: tests end the process there, and look at what
/// the next start makes of it.
package enum StoreStep: String, CaseIterable, Sendable {
  case sealBegun, sealWritten, sealNamed, sealShown
  case mergeBegun, mergeSectionWritten, mergeFileComplete, mergeFilePublished, mergeNamed,
    mergeShown
  case unlinkBegun, unlinkCheckpointed, unlinked, unlinkForgotten
  case watermarkRaised
}
