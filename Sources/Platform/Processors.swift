private import CLinux

/// The processors that this process may use.
package enum Processors {
  package static var count: Int { Int(clinux_processor_count()) }
}
