private import Glibc

/// What the kernel knows about this process, under the names that every Prometheus client uses.
package struct ProcessUsage: Equatable, Sendable {
  package var residentBytes: Int
  package var virtualBytes: Int
  package var processorSeconds: Double
  package var startSeconds: Double
  package var threads: Int

  /// This process as of now; nil where `/proc` cannot be read.
  package static func current() -> ProcessUsage? {
    guard let stat = contents(of: "/proc/self/stat"), let boot = bootSeconds else { return nil }
    return ProcessUsage(
      stat: stat, ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
      pageSize: sysconf(Int32(_SC_PAGESIZE)),
      bootSeconds: boot)
  }

  /// Reads proc(5)'s `stat`. The second field is the program's name in parentheses, which may hold
  /// anything; so the fields are counted from the last closing one.
  init?(stat: String, ticksPerSecond: Int, pageSize: Int, bootSeconds: Double) {
    guard let close = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = stat[stat.utf8.index(after: close)...].split(separator: " ")
    // The first field here is the third of the manual page.
    func field(_ number: Int) -> Int? {
      fields.indices.contains(number - 3) ? Int(fields[number - 3]) : nil
    }
    guard let user = field(14), let system = field(15), let threads = field(20),
      let start = field(22), let virtual = field(23), let resident = field(24)
    else { return nil }
    let ticks = Double(max(ticksPerSecond, 1))
    residentBytes = resident * pageSize
    virtualBytes = virtual
    processorSeconds = Double(user + system) / ticks
    startSeconds = bootSeconds + Double(start) / ticks
    self.threads = threads
  }

  private static let bootSeconds: Double? = contents(of: "/proc/stat")?.split(separator: "\n")
    .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

  /// How many descriptors are open, and how many may be.
  package static var descriptors: (open: Int, limit: Int)? {
    guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
    defer { unsafe closedir(directory) }
    var count = -3  // Two dots, and the directory's own descriptor.
    while unsafe readdir(directory) != nil { count += 1 }
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      return nil
    }
    return (open: count, limit: Int(clamping: limit.rlim_cur))
  }

  private static func contents(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < 1 << 20 {  // `/proc/stat` of a large machine is some ten kilobytes.
      let part = unsafe [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
        // SAFETY: at most the buffer's size is written, and exactly that is counted.
        count = max(unsafe read(descriptor, buffer.baseAddress, buffer.count), 0)
      }
      if part.isEmpty { break }
      bytes += part
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension MetricRegistry {
  /// Declares the `process_…` metrics, read at each scrape.
  package func addProcessMetrics() {
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.") {
      ProcessUsage.current().map { Double($0.residentBytes) }
    }
    gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.") {
      ProcessUsage.current().map { Double($0.virtualBytes) }
    }
    counter("process_cpu_seconds_total", "User and system processor time spent in seconds.") {
      ProcessUsage.current()?.processorSeconds
    }
    gauge("process_start_time_seconds", "Start time of the process since the epoch in seconds.") {
      ProcessUsage.current()?.startSeconds
    }
    gauge("process_threads", "Number of threads.") {
      ProcessUsage.current().map { Double($0.threads) }
    }
    gauge("process_open_fds", "Number of open file descriptors.") {
      ProcessUsage.descriptors.map { Double($0.open) }
    }
    gauge("process_max_fds", "Maximum number of open file descriptors.") {
      ProcessUsage.descriptors.map { Double($0.limit) }
    }
  }

  /// Declares `tributary_build_info`, always 1, which says what runs.
  package func addBuildInfo(service: String, version: String) {
    gauge("tributary_build_info", "What is running; always 1.") {
      [
        (
          labels: [(name: "service", value: service), (name: "version", value: version)],
          value: 1.0
        )
      ]
    }
  }

  /// Declares what the log itself has to tell.
  package func addLogMetrics(of output: LogOutput) {
    counter("log_lines_left_out_total", "Log lines left out because they repeated too often.") {
      Double(output.linesLeftOut)
    }
    counter("log_lines_refused_total", "Log lines that could not be written.") {
      Double(output.linesRefused)
    }
  }
}
