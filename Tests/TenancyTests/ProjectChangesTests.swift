import Events
import Testing

@testable import Tenancy

@Suite("Changes of a project") struct ProjectChangesTests {
  @Test("a change leaves what it does not name as it was")
  func apply() {
    var settings = Project.Settings()
    settings.timeZone = "Asia/Taipei"
    ProjectChanges(keeping: .days(30)).apply(to: &settings)
    #expect(settings.timeZone == "Asia/Taipei" && settings.retentionDays == 30)
    ProjectChanges(timeZone: "Europe/Berlin").apply(to: &settings)
    #expect(settings.timeZone == "Europe/Berlin" && settings.retentionDays == 30)
    ProjectChanges(keeping: .forEver).apply(to: &settings)
    #expect(settings.retentionDays == nil)
    #expect(ProjectChanges().isEmpty && !ProjectChanges(keeping: .forEver).isEmpty)
  }

  @Test("how long is a number of days, or none")
  func keeping() throws {
    #expect(try ProjectChanges.Keeping("30") == .days(30))
    #expect(try ProjectChanges.Keeping("none") == .forEver)
    for text in ["", "a year", "3.5", "99999999999999999999"] {
      #expect(throws: TenancyError.self) { try ProjectChanges.Keeping(text) }
    }
  }
}
