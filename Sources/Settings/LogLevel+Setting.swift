package import Telemetry

extension LogLevel: SettingValue {
  package static var placeholder: String { "debug|info|warning|error" }
  package static var expectation: String { "debug, info, warning or error" }
  package init?(settingText: String) { self.init(settingText) }
  package var settingText: String { description }
}
