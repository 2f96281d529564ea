internal import SQLite

/// The tables of the tenancy, in a database of their own. Times are milliseconds since 1970; of every
/// secret there is the SHA-256 only.
enum TenancySchema {
  static let schema = Schema(steps: [
    """
    CREATE TABLE tenancy (one INTEGER PRIMARY KEY CHECK (one = 1), generation INTEGER NOT NULL) STRICT;
    INSERT INTO tenancy VALUES (1, 1);
    CREATE TABLE project (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      description TEXT NOT NULL DEFAULT '',
      status TEXT NOT NULL DEFAULT 'active',
      time_zone TEXT NOT NULL DEFAULT 'UTC',
      retention_days INTEGER,
      max_custom_attributes INTEGER,
      allowed_event_names TEXT,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE api_key (
      id TEXT PRIMARY KEY,
      prefix TEXT NOT NULL UNIQUE,
      digest BLOB NOT NULL CHECK (length(digest) = 32),
      scope TEXT NOT NULL,
      project TEXT REFERENCES project (id),
      name TEXT NOT NULL DEFAULT '',
      status TEXT NOT NULL DEFAULT 'active',
      created_at INTEGER NOT NULL,
      revoked_at INTEGER,
      last_used_at INTEGER,
      CHECK ((project IS NULL) = (scope = 'admin'))
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE client (
      id TEXT PRIMARY KEY,
      project TEXT NOT NULL REFERENCES project (id),
      name TEXT NOT NULL DEFAULT '',
      secret BLOB CHECK (length(secret) = 32),
      origins TEXT NOT NULL DEFAULT '[]',
      status TEXT NOT NULL DEFAULT 'active',
      created_at INTEGER NOT NULL,
      revoked_at INTEGER,
      last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE collector (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL DEFAULT '',
      status TEXT NOT NULL DEFAULT 'active',
      created_at INTEGER NOT NULL,
      revoked_at INTEGER,
      last_seen_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE collector_key (
      public_key BLOB PRIMARY KEY CHECK (length(public_key) = 32),
      id TEXT NOT NULL,
      collector TEXT NOT NULL REFERENCES collector (id),
      status TEXT NOT NULL DEFAULT 'active',
      created_at INTEGER NOT NULL,
      revoked_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE collector_project (
      collector TEXT NOT NULL REFERENCES collector (id),
      project TEXT NOT NULL REFERENCES project (id),
      PRIMARY KEY (collector, project)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE enrolment_token (
      digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
      projects TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      used_at INTEGER,
      used_by TEXT REFERENCES collector (id),
      used_with BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE user (
      id TEXT PRIMARY KEY,
      email TEXT NOT NULL UNIQUE,
      full_name TEXT NOT NULL DEFAULT '',
      company TEXT NOT NULL DEFAULT '',
      role TEXT NOT NULL,
      status TEXT NOT NULL DEFAULT 'active',
      password TEXT,
      created_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
  ])
}
