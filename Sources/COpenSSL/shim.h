// OpenSSL for Swift: the system's headers, and plain functions for its macros.
#ifndef TRIBUTARY_COPENSSL_H
#define TRIBUTARY_COPENSSL_H

#include "certificates.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tls.h"
#include "wire.h"

#endif
