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
    .target(name: "CHTTP"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // What we stand on.
    floor("Platform", on: ["CLinux"]),
    floor("HTTP", on: ["CHTTP", "Platform"]),

    // Tests.
    tests(of: "Platform", with: ["CLinux"]),
    tests(of: "HTTP", with: ["CHTTP", "Platform"]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzzer needs a build of its own, with the sanitizers' run time: see `scripts/fuzz`.
if Context.environment["TRIBUTARY_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz", dependencies: ["HTTP"], path: "Fuzz/Program",
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
