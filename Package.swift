// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, lowest first. An arrow may only point up this list: a target imports what
// stands above it, never what stands below. `Docs/architecture.md` says what lives where.

let features = ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"]
let settings: [SwiftSetting] =
  [.strictMemorySafety(), .treatAllWarnings(as: .error)]
  + features.map { .enableUpcomingFeature($0) }

/// A target of our own with the settings that all of them share.
func floor(_ name: String, on dependencies: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies.map { .byName(name: $0) }, swiftSettings: settings)
}

/// The tests of one target; `more` names what they need beside it.
func tests(of name: String, with more: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ([name] + more).map { .byName(name: $0) },
    swiftSettings: settings)
}

let package = Package(
  name: "tributary",
  targets: [
    // The system and its libraries.
    .target(name: "CLinux"),
    .target(name: "CScan"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // What we stand on.
    floor("Platform", on: ["CLinux"]),
    floor("JSON", on: ["CScan"]),
    floor("Crypto", on: ["COpenSSL", "Platform"]),

    // How an event waits, travels and is sealed.
    floor("Columns", on: ["Platform"]),

    // Tests.
    tests(of: "Platform", with: ["CLinux"]),
    tests(of: "JSON", with: ["CScan"]),
    tests(of: "Crypto", with: ["COpenSSL", "Platform"]),
    tests(of: "Columns", with: ["Platform"]),
  ],
  swiftLanguageModes: [.v6]
)
