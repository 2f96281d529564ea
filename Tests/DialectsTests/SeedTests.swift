import Events
import JSON
import Testing

@testable import Dialects

/// The requests of the five systems as their own pages show them.
@Suite("Requests of the seed systems") struct SeedTests {
  @Test("000: an event of the browser SDK")
  func eventTrackingService() throws {
    let reading = try Reading(
      #"""
      {
        "event_type": "button_click",
        "timestamp": "2025-05-03T10:00:00Z",
        "user_id": "abc-123",
        "session_id": "xyz-456",
        "fields": {
          "button_name": "submit",
          "page_url": "/checkout"
        },
        "ip": "192.168.1.1",
        "user_agent": "Mozilla/5.0 ..."
      }
      """#, on: "/track")
    let event = try #require(reading.events.first)
    #expect(reading.dialect == .track)
    #expect(event.name == "button_click" && event.kind == .custom)
    #expect(event.cts == 1_746_266_400_000)
    #expect(event.profile == "abc-123" && event.session == "xyz-456" && event.device == nil)
    #expect(event.props == ["button_name": "submit", "page_url": "/checkout"])
    #expect(event.ctx == ["ip": "192.168.1.1", "user_agent": "Mozilla/5.0 ..."])
    #expect(reading.reply.status == 200)
    #expect(try reading.replyJSON["accepted"] == 1)
    #expect(try reading.replyJSON["event_ids"] == [.string(event.id.description)])
    #expect(try reading.replyJSON["rejected"] == [])
  }

  @Test("000: what the SDK's own lines send, its address and user agent added")
  func trackEvent() throws {
    let body =
      #"{"event_type":"signup","fields":{"plan":"pro"},"timestamp":"2025-05-03T10:00:00.123Z","session_id":"s"}"#
    let reading = try Reading(
      Array(body.utf8), on: "/track", address: "203.0.113.5", userAgent: "UA", visitor: "v")
    let event = try #require(reading.events.first)
    #expect(event.cts == 1_746_266_400_123)
    #expect(event.ctx == ["ip": "203.0.113.5", "user_agent": "UA"])
    #expect(event.visitor == "v")
  }

  @Test(
    "001: an event of the Event Tracking System, and its reply to the letter",
    arguments: ["/api/events", "/api/v1/events"])
  func eventTrackingSystem(path: String) throws {
    let reading = try Reading(
      #"""
      {
        "event_type": "user_click",
        "user_id": "12345",
        "timestamp": "2024-01-01T12:00:00Z",
        "metadata": {
          "page": "/home",
          "button": "signup"
        }
      }
      """#, on: path)
    let event = try #require(reading.events.first)
    #expect(reading.dialect == .eventTracking)
    #expect(event.name == "user_click")
    #expect(event.profile == "12345")
    #expect(event.cts == 1_704_110_400_000)
    #expect(event.props == ["button": "signup", "page": "/home"])
    #expect(reading.reply.status == 200)
    #expect(
      String(decoding: reading.reply.body, as: UTF8.self)
        == #"{"message":"Event received successfully"}"#)
  }

  @Test("002: an event of the Event Analytics Service")
  func eventAnalyticsService() throws {
    let reading = try Reading(
      #"""
      {
          "user_id": "user123",
          "event_type": "page_view",
          "page_url": "/home",
          "metadata": {"browser": "chrome"}
        }
      """#, on: "/api/v1/events/track")
    let event = try #require(reading.events.first)
    #expect(event.name == "page_view" && event.kind == .page)
    #expect(event.profile == "user123")
    #expect(event.props == ["browser": "chrome"])
    #expect(event.ctx == ["path": "/home"])
    #expect(event.cts == Reading.now && event.flags.contains(.ctsIsReceipt))
    #expect(try reading.replyJSON["accepted"] == 1)
  }

  @Test("003: an item of Event Lens, and the ids that its SDK keeps")
  func eventLens() throws {
    let reading = try Reading(
      #"""
      {
          "type": "track",
          "payload": {
            "name": "page_view",
            "deviceId": "device-123",
            "sessionId": "session-456",
            "path": "/dashboard",
            "properties": {
              "title": "Dashboard"
            }
          }
        }
      """#, on: "/track")
    let event = try #require(reading.events.first)
    #expect(event.name == "page_view" && event.kind == .page)
    #expect(event.device == "device-123" && event.session == "session-456")
    #expect(event.ctx == ["path": "/dashboard"])
    #expect(event.props == ["title": "Dashboard"])
    #expect(
      try reading.replyJSON == ["deviceId": "device-123", "sessionId": "session-456"])
  }

  @Test("003: a batch of items")
  func eventLensBatch() throws {
    let reading = try Reading(
      #"""
      {
          "events": [
            {
              "type": "track",
              "payload": { "name": "page_view", "path": "/home" }
            },
            {
              "type": "track",
              "payload": { "name": "button_click", "properties": { "button": "signup" } }
            }
          ]
        }
      """#, on: "/track/batch")
    #expect(reading.events.map(\.name) == ["page_view", "button_click"])
    #expect(reading.events[1].props == ["button": "signup"])
    #expect(try reading.replyJSON["accepted"] == 2)
  }

  @Test("004: the event model of Prism")
  func prism() throws {
    let reading = try Reading(
      #"""
      {
        "event_id": "019c7f54-1240-7abc-8def-0123456789ab",
        "project_id": "proj_abc123",
        "event_name": "purchase",
        "cts": 1771665000000,
        "sts": 1771665012345,
        "profile_id": "user_12345",

        "props": {
          "amount": 5999,
          "currency": "TWD",
          "item_count": 3,
          "payment_method": "credit_card",
          "campaign": "lunar_new_year",
          "referral_source": "email",
          "ab_test_variant": "B"
        },

        "ctx": {
          "ip": "203.0.113.42",
          "user_agent": "Mozilla/5.0...",
          "locale": "zh-TW",
          "device_type": "mobile",
          "os": "iOS",
          "app_version": "2.1.0"
        }
      }
      """#)
    let event = try #require(reading.events.first)
    #expect(event.id.description == "019c7f54-1240-7abc-8def-0123456789ab")
    #expect(event.name == "purchase" && event.profile == "user_12345")
    #expect(event.cts == 1_771_665_000_000 && event.sts == Reading.now)
    #expect(event.props["amount"] == 5999 && event.props.object?.count == 7)
    #expect(event.ctx["ip"] == "203.0.113.42" && event.ctx.object?.count == 6)
    #expect(
      try reading.replyJSON
        == [
          "accepted": 1, "event_ids": ["019c7f54-1240-7abc-8def-0123456789ab"], "rejected": [],
        ])
  }

  @Test("004: the request of Prism's page, which leaves out nearly everything")
  func prismRequest() throws {
    let reading = try Reading(
      #"{"event_name":"purchase","profile_id":"user_12345","props":{"amount":5999,"currency":"TWD"}}"#
    )
    let event = try #require(reading.events.first)
    #expect(event.cts == Reading.now)
    #expect(event.flags.isSuperset(of: [.ctsIsReceipt, .idIsMinted, .profile, .interactive]))
  }

  @Test("004: a profile becomes an operation that sets its attributes")
  func prismProfile() throws {
    let reading = try Reading(
      #"""
      {
        "profile_id": "user_12345",
        "project_id": "proj_abc123",
        "created_at": 1736928000000,
        "updated_at": 1771665000000,
        "props": {
          "email": "user@example.com",
          "name": "王小明",
          "signup_date": 1736899200000,
          "login_count": 42,
          "last_active_at": 1771665000000,
          "vip_level": 3,
          "preferred_language": "zh-TW",
          "subscription_plan": "premium",
          "tags": ["early_adopter", "power_user"]
        }
      }
      """#, on: "/api/v1/profiles")
    let event = try #require(reading.events.first)
    #expect(event.kind == .profile && event.name == "$profile_set")
    #expect(event.profile == "user_12345" && event.cts == 1_771_665_000_000)
    #expect(event.props["op"] == "set")
    #expect(event.props["created_at"] == 1_736_928_000_000)
    #expect(event.props["values"]?["name"] == "王小明")
    #expect(event.props["values"]?["tags"] == ["early_adopter", "power_user"])
    #expect(event.props["values"]?.object?.count == 9)
    #expect(!event.flags.contains(.interactive))
  }
}
