// What makes certificates and is a macro in OpenSSL.
#ifndef TRIBUTARY_COPENSSL_CERTIFICATES_H
#define TRIBUTARY_COPENSSL_CERTIFICATES_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

// A new key on the curve P-256, or NULL.
static inline EVP_PKEY *copenssl_generate_p256(void) { return EVP_EC_gen("P-256"); }

// Adds to a list of names and takes `name` over; 0 on failure.
static inline int copenssl_push_name(GENERAL_NAMES *names, GENERAL_NAME *name) {
  return sk_GENERAL_NAME_push(names, name);
}

#endif
