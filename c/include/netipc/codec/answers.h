/**
 * The answers to the keys of one request, within a byte budget (NIPC-LKP-10 to NIPC-LKP-16). For generated code.
 *
 * A reply has an item for every key, so room is always kept for the *short records* of the keys that follow: records
 * that say nothing but that their key got no answer. That is what makes every later decision possible; without it the
 * reply could be full while keys are left. What a record that does not fit then becomes depends on whether it ever
 * could:
 *
 * - not even alone in the whole budget: an oversized record, and the next key gets its chance;
 * - alone, but this is the first key: the reply as a whole is an overflow, because a reply that answers nothing would
 *   bring nobody forward, while a larger limit does;
 * - alone, and this is a later key: it and all behind it are to be asked for again.
 */
#ifndef NETIPC_CODEC_ANSWERS_H
#define NETIPC_CODEC_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"
#include "netipc/codec/items.h"
#include "netipc/codec/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Why a key gets a short record. */
typedef enum netipc_shortage {
    /** The reply is full; the key is to be asked for again. */
    NETIPC_SHORTAGE_EXCEEDED,
    /** The key's record does not fit even alone. */
    NETIPC_SHORTAGE_OVERSIZED
} netipc_shortage;

/** What the reply of one lookup looks like. */
typedef struct netipc_answers_form {
    /** What errors call the reply. */
    const char *record;
    /** Bytes of its fixed part. */
    size_t fixed;
    /** Bytes of the short record of a key of the request. */
    size_t (*short_size)(netipc_bytes key);
    /** Appends it; room was claimed before. */
    void (*write_short)(netipc_bytes key, netipc_shortage why, netipc_writer *out);
} netipc_answers_form;

/** Appends one item for each key, in the order of the keys. Its cost is linear in the keys. Members are private. */
typedef struct netipc_answers {
    const netipc_answers_form *form;
    netipc_writer *out;
    netipc_items keys;
    netipc_items_writer items;
    /** Answers that were given, also those that had no room any more. */
    size_t given;
    /** Bytes of the short records of the keys behind the items, each padded. */
    size_t reserve;
    /** Padding of the last key's short record, which is never written. */
    size_t last_padding;
    /** Whether a key had no room; all behind it have none either. */
    bool full;
} netipc_answers;

/** Starts the reply to `keys`, with a fixed part of zeros. `out` must be empty. */
NETIPC_API void netipc_answers_start(netipc_answers *answers, const netipc_answers_form *form, netipc_items keys,
                                     netipc_writer *out);

/** Whether the answer to another key can change the reply: there is such a key, and room. */
NETIPC_API bool netipc_answers_wants_more(const netipc_answers *answers);

/** The next key of the request; false with `NETIPC_BUILD_ANSWERS` when every key has its answer already. */
NETIPC_API bool netipc_answers_next(netipc_answers *answers, netipc_bytes *key, netipc_build_error *error);

/** Answers the key that `netipc_answers_next` gave with a record. */
NETIPC_API bool netipc_answers_push(netipc_answers *answers, const netipc_encoder *encoder, const void *values,
                                    netipc_build_error *error);

/** Gives every key its item and sets `*count`; false when that is not possible, and the payload is refused then. */
NETIPC_API bool netipc_answers_close(netipc_answers *answers, uint32_t *count, netipc_build_error *error);

#ifdef __cplusplus
}
#endif

#endif
