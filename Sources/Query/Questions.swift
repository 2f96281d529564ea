package import Calendar
package import Events

/// How many events of each name, and of each name on each day.
package struct EventStatistics: Equatable, Sendable {
  package var range: Range<Instant>
  package var name: String?
  /// Whose days.
  package var zone: Zone

  package init(range: Range<Instant>, name: String? = nil, zone: Zone = .utc) {
    self.range = range
    self.name = name
    self.zone = zone
  }

  package struct Answer: Equatable, Sendable {
    package struct OfName: Equatable, Sendable {
      package let name: String
      package let count: Int

      package init(name: String, count: Int) {
        self.name = name
        self.count = count
      }
    }
    package struct OfDay: Equatable, Sendable {
      package let name: String
      /// The day's first instant.
      package let day: Instant
      package let count: Int

      package init(name: String, day: Instant, count: Int) {
        self.name = name
        self.day = day
        self.count = count
      }
    }

    package let total: Int
    /// Most frequent first; equal counts by name.
    package let byName: [OfName]
    /// By day, then by name; what has no events is left out.
    package let byDay: [OfDay]

    package init(total: Int, byName: [OfName], byDay: [OfDay]) {
      self.total = total
      self.byName = byName
      self.byDay = byDay
    }
  }
}

/// How many events in each bucket of time.
package struct EventSeries: Equatable, Sendable {
  /// Eleven years of hours: more than anybody draws.
  package static let maximumBuckets = 100_000

  package var range: Range<Instant>
  package var name: String?
  package var bucket: Bucket
  package var zone: Zone

  package init(
    range: Range<Instant>, name: String? = nil, bucket: Bucket, zone: Zone = .utc
  ) {
    self.range = range
    self.name = name
    self.bucket = bucket
    self.zone = zone
  }

  package struct Answer: Equatable, Sendable {
    package struct Bucket: Equatable, Sendable {
      /// The bucket's first instant, which may lie before the range.
      package let start: Instant
      package let count: Int

      package init(start: Instant, count: Int) {
        self.start = start
        self.count = count
      }
    }

    package let total: Int
    /// Every bucket that the range touches, in order, also the empty ones.
    package let buckets: [Bucket]

    package init(total: Int, buckets: [Bucket]) {
      self.total = total
      self.buckets = buckets
    }
  }
}

/// One person's events, oldest first: those under any id that has become theirs.
package struct PersonEvents: Equatable, Sendable {
  package var profileID: String
  package var range: Range<Instant>
  package var limit: Int
  package var after: EventPosition?

  package init(profileID: String, range: Range<Instant>, limit: Int, after: EventPosition? = nil) {
    self.profileID = profileID
    self.range = range
    self.limit = limit
    self.after = after
  }
}

/// Events newest first.
package struct RecentEvents: Equatable, Sendable {
  package var range: Range<Instant>
  package var name: String?
  package var profileID: String?
  package var limit: Int
  package var before: EventPosition?

  package init(
    range: Range<Instant>, name: String? = nil, profileID: String? = nil, limit: Int,
    before: EventPosition? = nil
  ) {
    self.range = range
    self.name = name
    self.profileID = profileID
    self.limit = limit
    self.before = before
  }
}

/// A page of events, and where the next one begins; nil at the end.
package struct EventPage: Equatable, Sendable {
  package var events: [StoredEvent]
  package var next: EventPosition?

  package init(events: [StoredEvent], next: EventPosition?) {
    self.events = events
    self.next = next
  }
}

/// An event as it is stored: its record, and the collector that brought it.
package struct StoredEvent: Equatable, Sendable {
  package let record: [UInt8]
  package let source: String
  /// Milliseconds to add to times that the collector's own clock said.
  package let clockShift: Int64

  package init(record: [UInt8], source: String, clockShift: Int64 = 0) {
    self.record = record
    self.source = source
    self.clockShift = clockShift
  }
}

/// A place in the order of events: by time, then by id. As a cursor it stays right while events come.
package struct EventPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let cts: Int64
  package let id: EventID

  package init(cts: Int64, id: EventID) {
    self.cts = cts
    self.id = id
  }

  package static func < (left: Self, right: Self) -> Bool {
    left.cts == right.cts ? left.id < right.id : left.cts < right.cts
  }

  /// The cursor's text: opaque to clients, 53 characters for us.
  package var description: String {
    let digits = String(UInt64(bitPattern: cts), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + "." + id.description
  }

  package init?(_ text: String) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 16, parts[0].first?.isHexDigit == true,
      let cts = UInt64(parts[0], radix: 16), let id = EventID(String(parts[1]))
    else { return nil }
    self.init(cts: Int64(bitPattern: cts), id: id)
  }
}
