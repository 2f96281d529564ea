// SQLite for Swift: the system's header, and plain functions for what Swift cannot import
// (variadic functions, and macros with casts).
#ifndef TRIBUTARY_CSQLITE_H
#define TRIBUTARY_CSQLITE_H

#include <sqlite3.h>

// SQLite copies the bytes before it returns.
static inline int csqlite_bind_copied_text(sqlite3_stmt *statement, int index, const char *text, int count) {
  return sqlite3_bind_text(statement, index, text, count, SQLITE_TRANSIENT);
}

// SQLite reads the bytes where they are: they must stay until the statement is reset or bound anew.
// An empty blob needs an address of its own, since a null pointer binds NULL.
static inline int csqlite_bind_lent_blob(sqlite3_stmt *statement, int index, const void *bytes, long long count) {
  return sqlite3_bind_blob64(statement, index, count ? bytes : "", (sqlite3_uint64)count, SQLITE_STATIC);
}

static inline int csqlite_bind_copied_blob(sqlite3_stmt *statement, int index, const void *bytes, long long count) {
  return sqlite3_bind_blob64(statement, index, count ? bytes : "", (sqlite3_uint64)count, SQLITE_TRANSIENT);
}

// What a function or a column of a virtual table answers. SQLite copies the bytes before it returns.
static inline void csqlite_answer_text(sqlite3_context *context, const void *text, long long count) {
  sqlite3_result_text64(
    context, count ? (const char *)text : "", (sqlite3_uint64)count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// A virtual table and one of its cursors, as SQLite wants them to begin; `context` is whoever answers.
typedef struct csqlite_table {
  sqlite3_vtab base;
  void *context;
} csqlite_table;

typedef struct csqlite_cursor {
  sqlite3_vtab_cursor base;
  void *context;
} csqlite_cursor;

// A switch of one connection (SQLITE_DBCONFIG_...).
static inline int csqlite_configure(sqlite3 *database, int option, int value) {
  int unused = 0;
  return sqlite3_db_config(database, option, value, &unused);
}

// Whether a write or a sync failed, and not a read: the extended codes are expressions, not numbers.
// The plain code is that of files beside the database.
static inline int csqlite_is_failed_write(int code) {
  switch (code) {
    case SQLITE_IOERR:
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_DELETE:
      return 1;
    default:
      return 0;
  }
}

#endif
