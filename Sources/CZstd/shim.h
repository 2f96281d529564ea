// Zstandard for Swift: the system's headers.
#ifndef TRIBUTARY_CZSTD_H
#define TRIBUTARY_CZSTD_H

#include <zstd.h>
#include <zstd_errors.h>

#endif
