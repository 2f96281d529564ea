// swift-tools-version: 6.2
import PackageDescription

// The floors of the house, lowest first. An arrow may only point up this list: a target imports what
// stands above it, never what stands below. `Docs/architecture.md` says what lives where.

let features = [
  "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility",
  "NonisolatedNonsendingByDefault",
]
let settings: [SwiftSetting] =
  [.strictMemorySafety(), .treatAllWarnings(as: .error)]
  + features.map { .enableUpcomingFeature($0) }

/// A target of our own with the settings that all of them share.
func floor(_ name: String, on dependencies: [String] = [], at path: String? = nil) -> Target {
  .target(
    name: name, dependencies: dependencies.map { .byName(name: $0) }, path: path,
    swiftSettings: settings)
}

/// The tests of one target; `more` names what they need beside it, `scripts` what is not for Swift.
func tests(of name: String, with more: [String] = [], scripts: [String] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ([name, "TestSupport"] + more).map { .byName(name: $0) },
    exclude: scripts, swiftSettings: settings)
}

let package = Package(
  name: "tributary",
  targets: [
    // The system and its libraries.
    .target(name: "CLinux"),
    .target(name: "CScan"),
    .target(name: "CHTTP"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

    // What we stand on.
    floor("Platform", on: ["CLinux"]),
    floor("Crypto", on: ["COpenSSL", "Platform"]),
    floor("Compression", on: ["CZstd"]),
    floor("JSON", on: ["CScan"]),
    floor("Patterns"),
    floor("Calendar", on: ["Platform"]),
    floor("Telemetry", on: ["Calendar", "JSON", "Platform"]),
    floor("Settings", on: ["JSON", "Platform", "Telemetry"]),
    floor("SQLite", on: ["CSQLite"]),
    floor(
      "HTTP",
      on: ["CHTTP", "COpenSSL", "Calendar", "Compression", "Crypto", "JSON", "Platform"]),

    // What an event is and how it arrives.
    floor("Events", on: ["Platform", "JSON", "Calendar", "Crypto"]),
    floor("Dialects", on: ["Platform", "JSON", "Events", "Crypto"]),

    // How it waits, travels and is sealed.
    floor("Columns", on: ["Compression", "Platform"]),
    floor("Batches", on: ["Platform", "Crypto", "Compression", "JSON", "Events", "Columns"]),
    floor("Spool", on: ["Events", "Platform", "SQLite"]),
    floor("Tenancy", on: ["Batches", "Crypto", "Events", "JSON", "Platform", "SQLite"]),
    floor(
      "Intake",
      on: ["Crypto", "Dialects", "Events", "HTTP", "JSON", "Platform", "Telemetry", "Tenancy"]),

    floor("Service", on: ["HTTP", "Intake", "Platform", "Settings", "Telemetry"]),

    floor(
      "Collector",
      on: [
        "Batches", "Calendar", "Compression", "Crypto", "Events", "HTTP", "Intake", "JSON",
        "Platform", "Service", "Settings", "Spool", "Telemetry", "Tenancy",
      ]),

    // How it is kept.
    floor(
      "Sections",
      on: [
        "Batches", "CLinux", "Columns", "Compression", "Crypto", "Events", "JSON", "Platform",
      ]),

    // How it is counted.
    floor("Query", on: ["Calendar", "Events", "JSON", "Patterns"]),
    floor(
      "Store",
      on: [
        "Batches", "Columns", "Compression", "Crypto", "Events", "JSON", "Platform", "SQLite",
        "Sections",
      ]),
    floor(
      "Kernels",
      on: [
        "Batches", "Calendar", "Columns", "Compression", "Events", "JSON", "Patterns", "Platform",
        "Query", "Sections", "Store",
      ]),

    floor(
      "SQL",
      on: [
        "Calendar", "Columns", "Compression", "Events", "JSON", "Kernels", "Platform", "Query",
        "SQLite", "Sections", "Store",
      ]),

    // The faces.
    floor("QueryJSON", on: ["Calendar", "Events", "JSON", "Platform", "Query"]),
    floor(
      "Aggregator",
      on: [
        "Batches", "Calendar", "Compression", "Crypto", "Dialects", "Events", "HTTP", "JSON",
        "Intake", "Kernels", "Platform", "Query", "QueryJSON", "SQL", "SQLite", "Service",
        "Settings", "Store", "Telemetry", "Tenancy",
      ]),

    floor(
      "Operator",
      on: [
        "Batches", "Compression", "Crypto", "Dialects", "Events", "HTTP", "JSON", "Platform",
        "Tenancy",
      ]),

    // The programs: wiring only.
    .executableTarget(
      name: "tributary-aggregator",
      dependencies: ["Aggregator", "Events", "HTTP", "JSON", "Platform", "Service", "Settings"],
      swiftSettings: settings),

    .executableTarget(
      name: "tributary",
      dependencies: ["Events", "HTTP", "JSON", "Operator", "Platform", "Settings"],
      swiftSettings: settings),

    .executableTarget(
      name: "tributary-collector",
      dependencies: [
        "Collector", "HTTP", "Platform", "Service", "Settings", "Spool",
      ],
      swiftSettings: settings),

    // Beside the house: what it is measured with.
    .executableTarget(
      name: "micro",
      dependencies: [
        "Batches", "Calendar", "Columns", "Compression", "Crypto", "Dialects", "Events", "HTTP",
        "JSON", "Kernels", "Patterns", "Platform", "Query", "SQLite", "Sections", "Spool",
        "Store", "Telemetry", "Tenancy",
      ],
      path: "Benchmarks/Micro", swiftSettings: settings),
    .executableTarget(
      name: "answers",
      dependencies: [
        "Aggregator", "Calendar", "Events", "JSON", "Kernels", "Platform", "Query", "QueryJSON",
        "Sections", "Store",
      ],
      path: "Benchmarks/Answers", swiftSettings: settings),

    // Tests.
    floor("TestSupport", at: "Tests/TestSupport"),
    tests(of: "Platform", with: ["CLinux"]),
    tests(of: "Crypto", with: ["COpenSSL", "Platform"]),
    tests(of: "Compression", with: ["Crypto", "Platform"], scripts: ["Fixtures"]),
    tests(of: "JSON", with: ["CScan"]),
    tests(of: "Telemetry", with: ["JSON", "Platform"]),
    tests(of: "Settings", with: ["JSON", "Platform", "Telemetry"]),
    tests(of: "SQLite", with: ["CSQLite", "Platform"]),
    tests(of: "Patterns"),
    tests(of: "Calendar", with: ["Platform"], scripts: ["Fixtures"]),
    tests(of: "HTTP", with: ["CHTTP", "COpenSSL", "Compression", "Crypto", "Platform"]),
    tests(of: "Events", with: ["Platform", "JSON"], scripts: ["Fixtures"]),
    tests(of: "Spool", with: ["FaultDisk", "Events", "Platform", "SQLite"]),
    // Disks that fail and forget, for files and databases alike.
    .target(name: "CFaultVFS", dependencies: ["CSQLite"], path: "Tests/CFaultVFS"),
    floor("FaultDisk", on: ["CFaultVFS", "Platform"], at: "Tests/FaultDisk"),
    tests(of: "Dialects", with: ["Platform", "JSON", "Events"]),
    tests(
      of: "Intake",
      with: [
        "Batches", "Compression", "Crypto", "Events", "HTTP", "JSON", "Platform", "Telemetry",
        "Tenancy",
      ]),
    tests(
      of: "Service", with: ["Crypto", "HTTP", "JSON", "Platform", "Settings", "Telemetry"]),
    tests(
      of: "Collector",
      with: [
        "Batches", "Compression", "Crypto", "Events", "HTTP", "Intake", "JSON", "Platform", "Spool",
        "Telemetry", "Tenancy",
      ]),
    tests(of: "Columns", with: ["Compression", "Platform"]),
    tests(of: "Tenancy", with: ["Batches", "Crypto", "Events", "JSON", "Platform", "SQLite"]),
    tests(
      of: "Batches", with: ["Platform", "Crypto", "Compression", "JSON", "Events", "Columns"],
      scripts: ["Golden"]),
    tests(
      of: "Sections",
      with: ["Batches", "Columns", "Compression", "Crypto", "Events", "JSON", "Platform"]),
    tests(
      of: "Store",
      with: [
        "Batches", "Compression", "Crypto", "Events", "FaultDisk", "JSON", "Platform", "SQLite",
        "Sections",
      ]),
    // A store that kills itself: the tests of the store run it.
    .executableTarget(
      name: "crashing-store",
      dependencies: [
        "Batches", "Compression", "Crypto", "Events", "JSON", "Platform", "Store",
      ],
      path: "Tests/CrashingStore", swiftSettings: settings),
    tests(
      of: "Operator",
      with: ["Batches", "Compression", "Crypto", "Dialects", "Events", "JSON", "Platform"]),
    tests(of: "Query", with: ["Calendar", "Events", "JSON", "Platform", "QueryModel"]),
    tests(of: "QueryJSON", with: ["Calendar", "Events", "JSON", "Platform", "Query"]),
    // What questions mean, as plain loops over arrays: the oracle of everything that answers them.
    floor(
      "QueryModel", on: ["Calendar", "Events", "JSON", "Query"], at: "Tests/QueryModel"),
    // The model's histories as sections.
    floor(
      "SealedModel",
      on: [
        "Batches", "Calendar", "Crypto", "Events", "JSON", "Platform", "Query", "QueryModel",
        "Sections", "TestSupport",
      ],
      at: "Tests/SealedModel"),
    tests(
      of: "Kernels",
      with: [
        "Batches", "Calendar", "Columns", "Compression", "Crypto", "Events", "JSON", "Platform",
        "Query", "QueryModel", "SealedModel", "Sections", "Store",
      ]),
    tests(
      of: "SQL",
      with: [
        "Events", "JSON", "Kernels", "Platform", "Query", "QueryModel", "SQLite", "SealedModel",
        "Sections",
      ]),
    tests(
      of: "Aggregator",
      with: [
        "Batches", "Calendar", "Compression", "Crypto", "Events", "HTTP", "JSON", "Kernels",
        "Platform", "Query", "QueryJSON", "SQLite", "Sections", "Store", "Telemetry", "Tenancy",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// The fuzzer needs a build of its own, with the sanitizers' run time: see `scripts/fuzz`.
if Context.environment["TRIBUTARY_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "Batches", "Calendar", "Compression", "Dialects", "Events", "HTTP", "JSON", "Patterns",
        "Platform",
      ],
      path: "Fuzz/Program",
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
