package import HTTP
import Settings
package import Telemetry

/// A server's certificate as it lies in files, which may be replaced while the program runs.
package struct ServerCertificate: Sendable {
  /// Why it cannot be used, in words.
  package struct Problem: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  package let context: TLSContext
  private let chain: String
  private let key: String

  /// Reads the chain and the private key, both PEM.
  package init(chain: String, key: String) throws(Problem) {
    self.chain = chain
    self.key = key
    let credentials = try Self.read(chain, key)
    do throws(TLSProblem) { context = try TLSContext(server: credentials) } catch {
      throw Problem(description: "\(error)")
    }
  }

  /// Reads both again for connections to come; if they are bad the old ones stay.
  package func reload(_ log: Log) {
    do {
      try context.replace(Self.read(chain, key))
      log.info("the certificate was read again")
    } catch {
      log.error(
        "the certificate could not be read again; the old one stays", ["error": .error(error)])
    }
  }

  private static func read(_ chain: String, _ key: String) throws(Problem) -> TLSCredentials {
    TLSCredentials(chain: try file(chain), key: try file(key))
  }

  private static func file(_ path: String) throws(Problem) -> [UInt8] {
    do {
      if let bytes = try SettingsSources.readFile(path) { return bytes }
    } catch { throw Problem(description: "\(error)") }
    throw Problem(description: "there is no file \(path)")
  }
}
