// SQLite for Swift: the system's header, and plain functions for what Swift cannot import
// (variadic functions, and macros with casts).
#ifndef TRIBUTARY_CSQLITE_H
#define TRIBUTARY_CSQLITE_H

#include <sqlite3.h>

#endif
