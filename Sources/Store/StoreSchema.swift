import SQLite

/// The store's tables. A released step is history: append, never edit.
enum StoreSchema {
  static let schema = Schema(steps: [
    """
    -- Who this store is: its uuid, incarnation, and whatever else must not change.
    CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

    -- Accepted batches as they arrived. `number` is the order of arrival and never used again;
    -- `duplicates` and `rejected` are bitmaps of rows that do not count, NULL where there are none;
    -- `shift` is the clock error of the collector, in milliseconds, 0 where it is small.
    CREATE TABLE hot_batch (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      project TEXT NOT NULL,
      source TEXT NOT NULL,
      received INTEGER NOT NULL,
      shift INTEGER NOT NULL,
      rows INTEGER NOT NULL,
      duplicates BLOB,
      rejected BLOB,
      bytes BLOB NOT NULL
    ) STRICT;

    -- What was answered to each batch of a collector, so that a replay gets the same answer.
    CREATE TABLE receipt (
      collector TEXT NOT NULL, epoch TEXT NOT NULL, project TEXT NOT NULL, batch INTEGER NOT NULL,
      digest BLOB NOT NULL,
      accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL, rejections BLOB NOT NULL,
      received INTEGER NOT NULL,
      PRIMARY KEY (collector, epoch, project, batch)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX receipt_by_time ON receipt (received);

    -- The event sequences that are committed, as disjoint ranges.
    CREATE TABLE watermark (
      collector TEXT NOT NULL, epoch TEXT NOT NULL, project TEXT NOT NULL,
      first INTEGER NOT NULL, last INTEGER NOT NULL,
      PRIMARY KEY (collector, epoch, project, first)
    ) STRICT, WITHOUT ROWID;

    -- Ranges that a collector reported as lost, with what it knows of them.
    CREATE TABLE gap (
      collector TEXT NOT NULL, epoch TEXT NOT NULL, project TEXT NOT NULL,
      first INTEGER NOT NULL, last INTEGER NOT NULL,
      reason INTEGER NOT NULL, open_ended INTEGER NOT NULL, received INTEGER NOT NULL,
      PRIMARY KEY (collector, epoch, project, first)
    ) STRICT, WITHOUT ROWID;

    -- Second payloads under an id that is taken: a sample, and the count of all.
    CREATE TABLE conflict (
      project TEXT NOT NULL, number INTEGER NOT NULL,
      event_id TEXT NOT NULL, record BLOB NOT NULL, source TEXT NOT NULL, received INTEGER NOT NULL,
      PRIMARY KEY (project, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE conflict_count (
      project TEXT PRIMARY KEY, count INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- Events that could be read and were not accepted, with the reason.
    CREATE TABLE dead_letter (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      project TEXT NOT NULL, event_id TEXT NOT NULL,
      code TEXT NOT NULL, reason TEXT NOT NULL,
      record BLOB NOT NULL, source TEXT NOT NULL, received INTEGER NOT NULL
    ) STRICT;
    """,
    """
    -- CRC-32C over what a row says beside its batch; NULL in rows from before there was one.
    ALTER TABLE hot_batch ADD COLUMN sum INTEGER;

    -- Batches that could not be read at a start. They count nowhere, and their rows stay. `project`
    -- and `events` are NULL where the row does not tell.
    CREATE TABLE unreadable_batch (
      number INTEGER PRIMARY KEY, project TEXT, events INTEGER,
      reason TEXT NOT NULL, found INTEGER NOT NULL
    ) STRICT;
    """,
    """
    -- The dead letters that each project has, and how many of its oldest have gone to make room.
    CREATE TABLE dead_letter_total (
      project TEXT PRIMARY KEY,
      count INTEGER NOT NULL, bytes INTEGER NOT NULL, evicted INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO dead_letter_total
      SELECT project, count(*), sum(length(record)), 0 FROM dead_letter GROUP BY project;
    CREATE INDEX dead_letter_by_project ON dead_letter (project, number);
    """,
    """
    -- Epochs under which two batches came with one number: two collectors have one identity.
    CREATE TABLE forked_epoch (
      collector TEXT NOT NULL, epoch TEXT NOT NULL, found INTEGER NOT NULL,
      PRIMARY KEY (collector, epoch)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- The packs, and the catalogue's generation that each was named in.
    CREATE TABLE pack (
      number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, rows INTEGER NOT NULL
    ) STRICT;

    -- What the people and ids of each project are hashed with, for ever.
    CREATE TABLE project_secret (
      project TEXT PRIMARY KEY, secret BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX hot_batch_by_project ON hot_batch (project, number);

    -- Sections of packs that could not be read: they count nowhere.
    CREATE TABLE damaged_section (
      pack INTEGER NOT NULL, section INTEGER NOT NULL, reason TEXT NOT NULL,
      PRIMARY KEY (pack, section)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- Who is the same person as whom, as events have said it, in the order of their arrival: 1 an
    -- identify, 2 an alias, 3 the undoing of both. `kind` says what `id` is an id of: 1 a profile, 2 a
    -- device, 3 a visitor. Only rows that changed something are here, and none is ever deleted.
    CREATE TABLE alias (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      project TEXT NOT NULL, operation INTEGER NOT NULL,
      kind INTEGER NOT NULL, id TEXT NOT NULL, profile TEXT NOT NULL,
      cts INTEGER NOT NULL, event_id BLOB NOT NULL
    ) STRICT;
    """,
    """
    -- Packs that a merge has replaced, and when: their files stay until nobody can need them.
    CREATE TABLE retired_pack (
      number INTEGER PRIMARY KEY, generation INTEGER NOT NULL, retired INTEGER NOT NULL
    ) STRICT;

    -- Events of before this time a project does not have any more, nor takes.
    CREATE TABLE retention (
      project TEXT PRIMARY KEY, watermark INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- People who were erased, and when; what they did up to `until` is not taken again. `done` is NULL
    -- while a file may have something of them.
    CREATE TABLE erasure (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      project TEXT NOT NULL, erased INTEGER NOT NULL, until INTEGER NOT NULL, done INTEGER
    ) STRICT;

    -- The keyed hashes of every id of each, never an id.
    CREATE TABLE erased_id (
      erasure INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL,
      PRIMARY KEY (erasure, high, low)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- Packs that could not be opened at a start, for as long as they are named: events of theirs may
    -- have come again since.
    CREATE TABLE missed_pack (number INTEGER PRIMARY KEY) STRICT;
    """,
  ])
}
