internal import Glibc

/// Where to listen or to connect: `host:port`, `[v6]:port` or `unix:/path`.
package enum Address: Hashable, Sendable, CustomStringConvertible {
  case tcp(host: String, port: UInt16)
  case unix(path: String)

  /// Reads the written form; nil where it is none.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, path.utf8.count <= Self.maximumPathLength else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
    var host = text[..<colon]
    guard let port = UInt16(text[text.utf8.index(after: colon)...]) else { return nil }
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.utf8.contains(UInt8(ascii: ":")) {
      return nil
    }
    guard !host.isEmpty else { return nil }
    self = .tcp(host: String(host), port: port)
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// True where only this machine can connect.
  package var isLocal: Bool {
    switch self {
    case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
    case .unix: true
    }
  }

  /// What `sockaddr_un` holds, without the final zero.
  static let maximumPathLength = 107
}

/// The other end of a connection: its address as text, without the port; empty for a unix socket.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
  package let text: String
  package init(text: String) { self.text = text }
  package var description: String { text.isEmpty ? "local" : text }
}

/// One socket address as the kernel takes it.
struct SocketAddress {
  private var storage: sockaddr_storage
  private var length: socklen_t

  init(_ storage: sockaddr_storage, length: socklen_t) {
    self.storage = storage
    self.length = length
  }

  /// The address that a system call fills in, and the call's result.
  static func filled(
    by call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) -> (address: SocketAddress, result: CInt) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      // SAFETY: the kernel writes at most `length` bytes of a socket address.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe call($0, &length) }
    }
    return (SocketAddress(storage, length: length), result)
  }

  static func unix(path: String) -> SocketAddress {
    var storage = sockaddr_storage()
    storage.ss_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      // SAFETY: `Address` admits only paths that fit, and the storage was zeroed.
      for (index, byte) in path.utf8.prefix(Address.maximumPathLength).enumerated() {
        unsafe bytes[MemoryLayout<sa_family_t>.size + index] = byte
      }
    }
    return SocketAddress(storage, length: socklen_t(MemoryLayout<sockaddr_un>.size))
  }

  var family: Int32 { Int32(storage.ss_family) }

  func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    unsafe withUnsafePointer(to: storage) { pointer in
      // SAFETY: a sockaddr_storage may be read as any socket address; the length says how much.
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  /// The numeric host and the port.
  var numeric: (host: String, port: UInt16)? {
    guard family == AF_INET || family == AF_INET6 else { return nil }
    var host = [CChar](repeating: 0, count: 64)
    var service = [CChar](repeating: 0, count: 8)
    // SAFETY: both buffers are passed with their sizes, and are terminated on success.
    let result = unsafe withPointer { address, length in
      unsafe getnameinfo(
        address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
        NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard result == 0 else { return nil }
    return (Self.text(host), UInt16(Self.text(service)) ?? 0)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The addresses of a host, in the order to try them. Blocks on the name service.
  static func resolve(
    host: String, port: UInt16, toListen: Bool = false
  ) throws(SystemError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = toListen ? AI_PASSIVE : AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let subject = "\(host):\(port)"
    // SAFETY: the list is freed below, after every address was copied out of it.
    let result = unsafe getaddrinfo(host, String(port), &hints, &list)
    guard result == 0 else {
      let code = result == EAI_SYSTEM ? errno : EHOSTUNREACH
      throw SystemError(code: code, call: "resolve", subject: subject)
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      var storage = sockaddr_storage()
      let length = unsafe entry.pointee.ai_addrlen
      unsafe withUnsafeMutableBytes(of: &storage) { bytes in
        // SAFETY: getaddrinfo's addresses are never longer than sockaddr_storage.
        unsafe bytes.copyMemory(
          from: UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(length)))
      }
      addresses.append(SocketAddress(storage, length: length))
      unsafe next = entry.pointee.ai_next
    }
    return addresses
  }
}
