/**
 * What a client or server must know of a service to speak it.
 *
 * Generated headers declare one `netipc_service` for each service; clients and servers take it and stay free of payload
 * knowledge. Programs pass descriptors on and use the typed functions of the generated headers for everything else.
 */
#ifndef NETIPC_SERVICE_H
#define NETIPC_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/stitcher.h"
#include "netipc/codec/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the item of a lookup's reply means for who asked. */
typedef enum netipc_outcome {
    /** An answer, also when it is that nothing is known. */
    NETIPC_OUTCOME_FINAL,
    /** The reply was full; the key is to be asked for again. */
    NETIPC_OUTCOME_EXCEEDED,
    /** The item does not fit even alone. */
    NETIPC_OUTCOME_OVERSIZED
} netipc_outcome;

/**
 * A service whose request is a list of keys, and whose reply has one item for each key, in their order.
 *
 * One logical call may take several requests: a client sends as many keys at once as fit (`key_size`, `short_size`),
 * looks at what it gets (`outcome`, `echoes`, `generation`), asks again for what is missing, and puts the items together
 * with a stitcher. The result is a reply like any other.
 *
 * `key` points to the generated struct of a key, `keys` to an array of them, `reply` to the generated view of a reply.
 */
typedef struct netipc_lookup {
    /** Bytes of the struct of a key. */
    size_t key_struct_size;
    /** Bytes of a request without keys; `netipc_list_size` adds the keys. */
    size_t request_size;
    /** Bytes of a reply without items. */
    size_t reply_size;
    /** Writes the request for `count` keys. */
    bool (*encode_keys)(const void *keys, size_t count, netipc_writer *out, netipc_build_error *error);
    /** Checks the rules of a key, which do not include its size as a whole. */
    bool (*check_key)(const void *key, netipc_build_error *error);
    /** Bytes of the key in a request, without padding. */
    size_t (*key_size)(const void *key);
    /** Bytes of the item that says only that the key got no answer, without padding. No item is shorter. */
    size_t (*short_size)(const void *key);
    /** How many items the reply has. */
    size_t (*count)(const void *reply);
    /** What must be equal in all replies that one logical answer is made of (NIPC-LKP-09). */
    uint64_t (*generation)(const void *reply);
    /** What the item at `index` means; `NETIPC_OUTCOME_FINAL` when there are not that many. */
    netipc_outcome (*outcome)(const void *reply, size_t index);
    /** Whether the item at `index` is there and repeats `key`. */
    bool (*echoes)(const void *reply, size_t index, const void *key);
    /** The bytes of the item at `index`, for a stitcher; empty when there are not that many. */
    netipc_bytes (*item_bytes)(const void *reply, size_t index);
    /** Appends the item that says that the answer to `key` does not fit. */
    bool (*push_oversized)(netipc_stitcher *stitcher, const void *key, netipc_build_error *error);
    /** Ends a stitched reply, which was started with `reply_size`. */
    bool (*finish_stitched)(netipc_stitcher *stitcher, uint64_t generation, netipc_build_error *error);
    /** The view of a reply that was decoded before, or stitched of such replies' items, without checking it again. */
    void (*view_reply)(netipc_bytes payload, void *reply);
} netipc_lookup;

/**
 * One service: its name, its method, and how payloads become typed values and back.
 *
 * `query` points to the generated struct of the request, `request` and `reply` to the generated views, `builder` to the
 * generated builder of the reply. A lookup's requests are written by `lookup->encode_keys`.
 */
typedef struct netipc_service {
    /** The name that endpoints of this service have by default. */
    const char *name;
    /** The method code in the envelope. */
    uint16_t method;
    /** Whether several requests may travel in one batch. */
    bool batchable;
    /** Whether a request may be sent again when the connection was lost before its reply came. */
    bool idempotent;
    /** Bytes of the view of a request. */
    size_t request_struct_size;
    /** Bytes of the view of a reply. */
    size_t reply_struct_size;
    /** Bytes of the builder of a reply. */
    size_t builder_struct_size;
    /** Writes the request payload; `NULL` of a lookup. */
    bool (*encode_request)(const void *query, netipc_writer *out, netipc_build_error *error);
    /** Checks a request payload completely and fills the view, which borrows it. */
    bool (*decode_request)(netipc_bytes payload, void *request, netipc_decode_error *error);
    /** Starts the reply to `request`. */
    void (*start_reply)(void *builder, const void *request, netipc_writer *out);
    /** Ends the reply; false, with an empty payload, also when the handler ignored an error or forgot to answer. */
    bool (*finish_reply)(void *builder, netipc_build_error *error);
    /** Checks a reply payload completely and fills the view, which borrows it. */
    bool (*decode_reply)(netipc_bytes payload, void *reply, netipc_decode_error *error);
    /** What makes it a lookup; `NULL` of others. */
    const netipc_lookup *lookup;
} netipc_service;

#ifdef __cplusplus
}
#endif

#endif
