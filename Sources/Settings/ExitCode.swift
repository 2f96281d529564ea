/// How a program ends, in the numbers of sysexits(3), so that supervisors and scripts can tell what
/// a restart would mend (`RestartPreventExitStatus=64 78` in systemd's words).
package enum ExitCode: Int32, CaseIterable, Sendable {
  case success = 0
  /// The command was carried out and the answer is no: a check found something, a search nothing.
  case negative = 1
  /// The command line is wrong.
  case usage = 64
  /// Data that was given is wrong or damaged: a file to import, a token.
  case data = 65
  /// A file that was named cannot be read.
  case noInput = 66
  /// A machine that was named cannot be reached.
  case unavailable = 69
  /// A mistake of ours.
  case `internal` = 70
  /// The operating system refuses something, such as a port that is taken.
  case system = 71
  /// A file cannot be written: the disk is full, or failed.
  case inputOutput = 74
  /// Not now; the same may work later. A restart is the right answer.
  case temporary = 75
  /// The other side does not keep to the protocol.
  case `protocol` = 76
  /// A right is missing.
  case permission = 77
  /// The configuration is wrong, or the data on disk are of a newer version. A restart will not help.
  case configuration = 78

  /// What `--help` says about it.
  package var meaning: String {
    switch self {
    case .success: "success"
    case .negative: "done, and the answer is no"
    case .usage: "the command line is wrong"
    case .data: "data that was given is wrong"
    case .noInput: "a file cannot be read"
    case .unavailable: "a server cannot be reached"
    case .internal: "a mistake in the program"
    case .system: "the system refuses, such as a port that is taken"
    case .inputOutput: "a file cannot be written"
    case .temporary: "not now, try again"
    case .protocol: "the other side does not keep to the protocol"
    case .permission: "a right is missing"
    case .configuration: "the configuration is wrong, or data is from a newer version"
    }
  }
}
