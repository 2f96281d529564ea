// A BIO without a socket and without buffers of its own for what comes in: a session reads the bytes
// that are lent to it for the time of one call, and writes to memory that its owner empties.
#ifndef TRIBUTARY_COPENSSL_WIRE_H
#define TRIBUTARY_COPENSSL_WIRE_H

#include <openssl/bio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  // What came in and was not read yet.
  const unsigned char *input;
  size_t input_count;
  // What has to go out.
  unsigned char *output;
  size_t output_count;
  size_t output_capacity;
} copenssl_wire;

static int copenssl_wire_read(BIO *bio, char *into, size_t room, size_t *count) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  *count = room < wire->input_count ? room : wire->input_count;
  if (*count == 0) {
    BIO_set_retry_read(bio);  // More may come: only TLS itself says that nothing more will.
    return 0;
  }
  memcpy(into, wire->input, *count);
  wire->input += *count;
  wire->input_count -= *count;
  return 1;
}

static int copenssl_wire_write(BIO *bio, const char *bytes, size_t length, size_t *count) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  *count = 0;
  if (wire->output_capacity - wire->output_count < length) {
    size_t wanted = wire->output_count + length;
    unsigned char *grown = (unsigned char *)realloc(wire->output, wanted);
    if (!grown) return 0;
    wire->output = grown;
    wire->output_capacity = wanted;
  }
  memcpy(wire->output + wire->output_count, bytes, length);
  wire->output_count += length;
  *count = length;
  return 1;
}

static long copenssl_wire_control(BIO *bio, int command, long number, void *pointer) {
  (void)bio, (void)number, (void)pointer;
  return command == BIO_CTRL_FLUSH;  // There is nothing between us and the memory.
}

static int copenssl_wire_destroy(BIO *bio) {
  copenssl_wire *wire = (copenssl_wire *)BIO_get_data(bio);
  if (wire) free(wire->output);
  free(wire);
  BIO_set_data(bio, NULL);
  return 1;
}

// The method of such BIOs, to be made once; NULL on failure.
static inline BIO_METHOD *copenssl_wire_method(void) {
  BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
  if (!method) return NULL;
  if (BIO_meth_set_read_ex(method, copenssl_wire_read) &&
      BIO_meth_set_write_ex(method, copenssl_wire_write) &&
      BIO_meth_set_ctrl(method, copenssl_wire_control) &&
      BIO_meth_set_destroy(method, copenssl_wire_destroy))
    return method;
  BIO_meth_free(method);
  return NULL;
}

// A new BIO, which owns its wire; NULL on failure.
static inline BIO *copenssl_wire_new(const BIO_METHOD *method) {
  copenssl_wire *wire = (copenssl_wire *)calloc(1, sizeof *wire);
  BIO *bio = wire ? BIO_new(method) : NULL;
  if (!bio) {
    free(wire);
    return NULL;
  }
  BIO_set_data(bio, wire);
  BIO_set_init(bio, 1);
  return bio;
}

static inline copenssl_wire *copenssl_wire_of(BIO *bio) {
  return (copenssl_wire *)BIO_get_data(bio);
}

// Gives memory back once what it held has gone out.
static inline void copenssl_wire_release_output(copenssl_wire *wire) {
  free(wire->output);
  wire->output = NULL;
  wire->output_count = wire->output_capacity = 0;
}

#endif
