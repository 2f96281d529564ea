package import Events

/// What is known of a request beside its body.
package struct RequestContext: Sendable {
  package let reception: Reception
  /// More events than this in one request are a 413.
  package let maximumEvents: Int
  /// The request says that its body is one event a line.
  package let isNDJSON: Bool

  package init(
    reception: Reception, maximumEvents: Int = EventLimits.eventsPerRequest, isNDJSON: Bool = false
  ) {
    self.reception = reception
    self.maximumEvents = maximumEvents
    self.isNDJSON = isNDJSON
  }
}
