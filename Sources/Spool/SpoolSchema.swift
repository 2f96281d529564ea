import SQLite

/// The tables of the spool, oldest step first. A released step is history: append, never edit.
///
/// Every small row carries a CRC-32C of its own fields (`check_sum`), every chunk describes itself:
/// SQLite does not notice a flipped bit in its main file.
enum SpoolSchema {
  static let schema = Schema(steps: [
    """
    -- The epoch, the number of the last commit, the identity, and what the program keeps by name.
    CREATE TABLE meta (
      key TEXT PRIMARY KEY, value BLOB NOT NULL, check_sum INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- See ProjectLedger.
    CREATE TABLE project (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, next INTEGER NOT NULL,
      cursor INTEGER NOT NULL, offset INTEGER NOT NULL, next_batch INTEGER NOT NULL,
      durable_through INTEGER NOT NULL, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
      commit_number INTEGER NOT NULL, check_sum INTEGER NOT NULL
    ) STRICT;

    -- id: project number << 48 | position of the first event. See Chunk.
    CREATE TABLE chunk (
      id INTEGER PRIMARY KEY, n INTEGER NOT NULL, bytes INTEGER NOT NULL,
      crc32c INTEGER NOT NULL, payload BLOB NOT NULL
    ) STRICT;

    -- Events below the cursor that are not acknowledged: sealed under a batch number, with the bytes
    -- that every attempt sends, or (batch NULL) waiting to be sealed again. id as in chunk.
    CREATE TABLE stretch (
      id INTEGER PRIMARY KEY, count INTEGER NOT NULL, sequence INTEGER NOT NULL, batch INTEGER,
      check_sum INTEGER NOT NULL, bytes BLOB
    ) STRICT;

    -- Events that are lost and must be told to the aggregator. count NULL: nobody knows.
    CREATE TABLE gap (
      id INTEGER PRIMARY KEY, project INTEGER NOT NULL, epoch BLOB NOT NULL,
      sequence INTEGER NOT NULL, count INTEGER, reason TEXT NOT NULL, at INTEGER NOT NULL,
      batch INTEGER, bytes BLOB
    ) STRICT;

    -- What could not be shipped, kept for people, bounded.
    CREATE TABLE quarantine (
      id INTEGER PRIMARY KEY, project TEXT NOT NULL, epoch BLOB NOT NULL,
      sequence INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, record BLOB NOT NULL
    ) STRICT;
    """,
    """
    -- See GapRow and QuarantinedEvent. NULL: written before there was a sum.
    ALTER TABLE gap ADD COLUMN check_sum INTEGER;
    ALTER TABLE quarantine ADD COLUMN check_sum INTEGER;
    """,
    """
    -- Batches that were acknowledged, as they were sent; the other columns as in stretch, id too. `at`:
    -- when, in milliseconds. `kept_again` has those that are to be sent once more.
    CREATE TABLE kept (
      id INTEGER PRIMARY KEY, epoch BLOB NOT NULL, batch INTEGER NOT NULL,
      sequence INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL,
      check_sum INTEGER NOT NULL, bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX kept_by_time ON kept (at, id);
    CREATE TABLE kept_again (id INTEGER PRIMARY KEY) STRICT;
    """,
  ])
}
