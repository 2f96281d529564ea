import Glibc
import Platform
import TestSupport
import Testing

@testable import Calendar

@Suite("The system's time zones") struct ZoneFilesTests {
  @Test("a zone is known by its name, and UTC without any file")
  func known() throws {
    #expect(try Fixtures.slim.zone(named: "America/Argentina/Ushuaia").name.hasSuffix("Ushuaia"))
    let nowhere = ZoneFiles(Directory(Fixtures.folder + "/nowhere"))
    #expect(try nowhere.zone(named: "UTC") == .utc)
    #expect(
      throws: ZoneFiles.Problem.noFiles(directory: Fixtures.folder + "/nowhere")
    ) { try nowhere.zone(named: "Europe/Berlin") }
  }

  @Test("the environment may say where the files are")
  func environment() {
    #expect(ZoneFiles(environment: [:]).directory.path == "/usr/share/zoneinfo")
    #expect(ZoneFiles(environment: ["TZDIR": ""]).directory.path == "/usr/share/zoneinfo")
    #expect(ZoneFiles(environment: ["TZDIR": "/opt/zones"]).directory.path == "/opt/zones")
  }

  @Test("names are listed, and one that nobody knows is met with one that is near")
  func suggestions() throws {
    #expect(try Fixtures.slim.names() == Fixtures.names.sorted())
    for (text, near) in [
      ("europe/berlin", "Europe/Berlin"), ("Europe/Belrin", "Europe/Berlin"),
      ("Berlin", "Europe/Berlin"), ("Sao Paulo", "America/Sao_Paulo"),
      ("America/Ushuaia", "America/Argentina/Ushuaia"), ("Etc/GMT+13", "Etc/GMT+12"),
      ("Mars/Olympus", nil), ("", nil), ("America", nil), ("America/", nil),
      ("Europe/Berlin/Mitte", "Europe/Berlin"), ("Europe/Berlin\0", "Europe/Berlin"),
    ] as [(String, String?)] {
      #expect(throws: ZoneFiles.Problem.unknown(text, near: near), "\(text)") {
        try Fixtures.slim.zone(named: text)
      }
    }
  }

  @Test(
    "no name leads out of the folder or to what is no zone",
    arguments: [
      "../../etc/passwd", "/etc/passwd", "Europe/../../vectors.txt", "Europe//Berlin", "./UTC",
      "Europe/Berlin/", "Europe\\Berlin", "zone.tab", "localtime", "posixrules", "right/UTC",
      "Zone.tab", "A/B/C/D", "A\nB", "Ä", String(repeating: "A", count: 65), "+VERSION",
    ])
  func invalid(text: String) {
    #expect(ZoneName(text) == nil)
    #expect(throws: ZoneFiles.Problem.self) { try Fixtures.slim.zone(named: text) }
  }

  @Test(
    "what is in use in the database is a name",
    arguments: ["GMT0", "Etc/GMT-14", "America/Port-au-Prince", "EST5EDT", "US/East-Indiana"])
  func valid(text: String) {
    #expect(ZoneName(text)?.text == text)
  }

  @Test("a file that is no zone is unknown, and a damaged one is called so")
  func damaged() throws {
    let scratch = Scratch()
    let folder = Directory(scratch.path)
    let whole = try Fixtures.bytes("slim/Europe/Berlin")
    for (name, bytes) in [
      ("Text", Array("# a list of what is no zone, and long enough".utf8)),
      ("Half", Array(whole.prefix(100))), ("Whole", whole),
    ] { try folder.replace(name, with: bytes.span) }
    let files = ZoneFiles(folder)
    #expect(throws: ZoneFiles.Problem.unknown("Text", near: "Text")) {
      try files.zone(named: "Text")
    }
    #expect(throws: ZoneFiles.Problem.damaged("Half", .truncated(at: 100))) {
      try files.zone(named: "Half")
    }
    // Systems have links for the names that mean the same, and pipes are no zones.
    #expect(unsafe symlink("Whole", folder.file("Link")) == 0)
    #expect(try files.zone(named: "Link").name == "Link")
    #expect(unsafe mkfifo(folder.file("Pipe"), 0o600) == 0)
    #expect(throws: ZoneFiles.Problem.self) { try files.zone(named: "Pipe") }
    // Once read it stays, whatever happens to the file.
    let zone = try files.zone(named: "Whole")
    try folder.remove("Whole")
    #expect(try files.zone(named: "Whole") == zone)
  }

  @Test("problems are told in words")
  func words() {
    #expect("\(ZoneFiles.Problem.noFiles(directory: "/x"))".contains("package tzdata"))
    #expect(
      "\(ZoneFiles.Problem.unknown("a", near: "b"))" == #"there is no time zone "a"; is "b" meant?"#
    )
    #expect("\(ZoneFiles.Problem.unknown("a", near: nil))".contains("Europe/Berlin"))
  }
}
