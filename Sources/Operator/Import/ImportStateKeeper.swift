import Events
import Platform

/// Keeps an import's state file: reads it at the beginning, writes it now and then, and removes it
/// once everything is in.
final class ImportStateKeeper: Sendable {
  private let path: String?
  private let isAskedFor: Bool
  private let target: String
  private let project: String?
  private let before: ImportState?

  static let suffix = ".tributary-import"

  init(_ options: ImportJob.Options, target: String) throws(ImportFailure) {
    let file = options.inputs.first { !$0.isStandardInput }
    path = options.statePath ?? file.map { $0.path + Self.suffix }
    isAskedFor = options.statePath != nil
    self.target = target
    project = options.project?.text
    guard let path, options.resuming != .never else {
      before = nil
      return
    }
    let (folder, name) = Self.split(path)
    let bytes: [UInt8]?
    do { bytes = try folder.read(name, upTo: ImportState.maximumBytes) } catch {
      throw .unreadable(error)
    }
    before = bytes.flatMap { ImportState(decoding: $0) }
    if options.resuming == .required, before == nil {
      throw .noState("there is no state of an import in \(path)")
    }
  }

  /// Where to go on in a file.
  func place(in path: String) -> (InputFile.Facts, String) -> ImportLedger.Place {
    { [before, target, project] facts, head in
      before?.place(in: path, facts, head: head, target: target, project: project)
        ?? ImportLedger.Place()
    }
  }

  /// Writes how far it is. That this fails ends no import: the state is a convenience.
  func write(_ inputs: [ImportSource.Opened], _ places: [ImportLedger.Place]) {
    try? replace(inputs, places)
  }

  /// The last word: nothing is left of an import that is finished.
  func end(
    _ inputs: [ImportSource.Opened], _ places: [ImportLedger.Place], isFinished: Bool
  ) throws(SystemError) {
    guard let path else { return }
    let (folder, name) = Self.split(path)
    do throws(SystemError) {
      if isFinished {
        if try folder.remove(name) { try folder.synchronize() }
      } else {
        try replace(inputs, places)
      }
    } catch {
      // In a folder that is only to be read there is no place beside the file.
      if isAskedFor { throw error }
    }
  }

  private func replace(
    _ inputs: [ImportSource.Opened], _ places: [ImportLedger.Place]
  ) throws(SystemError) {
    guard let path, inputs.contains(where: \.facts.isRegular) else { return }
    var state = ImportState(target: target, project: project, inputs: [])
    for (input, place) in zip(inputs, places) where input.facts.isRegular {
      state.inputs.append(
        ImportState.Input(
          path: input.path, inode: input.facts.inode, size: input.facts.size, head: input.head,
          place: place))
    }
    let bytes = state.encode()
    let (folder, name) = Self.split(path)
    try folder.replace(name, with: bytes.span)
  }

  private static func split(_ path: String) -> (Directory, String) {
    let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    return (Directory(path).parent, String(name))
  }
}
