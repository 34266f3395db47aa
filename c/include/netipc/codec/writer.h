/**
 * Writing one payload into memory of the caller, within a byte budget.
 */
#ifndef NETIPC_CODEC_WRITER_H
#define NETIPC_CODEC_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netipc/api.h"
#include "netipc/bytes.h"
#include "netipc/codec/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** No payload is longer, because 32 header bytes and the payload together must fit a u32. */
#define NETIPC_PAYLOAD_MAX (UINT32_MAX - 32)

/**
 * Writes one payload and never exceeds its budget.
 *
 * The first write that does not fit makes the writer fail for good: later writes fail too and add up what would have
 * been needed, and finishing the payload reports it, also when the failures were ignored (NIPC-COD-15).
 *
 * ```c
 * uint8_t buffer[1024];
 * netipc_writer out;
 * netipc_writer_start(&out, buffer, sizeof buffer);
 * netipc_string_reverse_text text = {netipc_bytes_of("hello")};
 * netipc_build_error error;
 * if (!netipc_string_reverse_text_encode(&text, &out, &error)) { ... }
 * send(fd, buffer, out.len, 0);
 * ```
 */
typedef struct netipc_writer {
    /** The caller's memory. */
    uint8_t *data;
    /** Bytes written; the length of the payload once it is finished, 0 when it failed. */
    size_t len;
    /** Bytes there may be. */
    size_t budget;
    /** Private: bytes before `len` that are set aside, and bytes at the end of the memory that belong before them. */
    size_t slack;
    size_t tail;
    /** Private: whether something did not fit, and what all takes then. */
    bool overflowed;
    size_t needed;
} netipc_writer;

/** How the values of a record become its bytes, for generated code. */
typedef struct netipc_encoder {
    /** Checks the rules that do not depend on where the record goes; `NULL` when there are none. */
    bool (*check)(const void *values, netipc_build_error *error);
    /** Bytes that it takes. */
    size_t (*size)(const void *values);
    /** Appends that many bytes; room was claimed before. */
    void (*write)(const void *values, netipc_writer *out);
} netipc_encoder;

/**
 * Starts a payload at `buffer`, which has room for `budget` bytes and must stay until the payload is finished. A budget
 * above `NETIPC_PAYLOAD_MAX` is taken for that.
 */
NETIPC_API void netipc_writer_start(netipc_writer *out, void *buffer, size_t budget);

/** Starts the payload anew, as if nothing had been written or refused. */
NETIPC_API void netipc_writer_restart(netipc_writer *out);

/** Bytes that the payload has so far. */
NETIPC_API size_t netipc_writer_size(const netipc_writer *out);

/** Bytes that can still be written. */
NETIPC_API size_t netipc_writer_remaining(const netipc_writer *out);

/** The payload, when it is finished. */
NETIPC_API netipc_bytes netipc_writer_payload(const netipc_writer *out);

/** Ends the payload. False with `NETIPC_BUILD_OVERFLOW`, and `out->len` is 0, when anything did not fit. */
NETIPC_API bool netipc_writer_finish(netipc_writer *out, netipc_build_error *error);

/**
 * For generated code: ends the payload without success, because of `why`. An overflow comes first, because whoever hits
 * it may well stop before the payload is complete, and only a larger budget helps. Always false. `error` may be `why`.
 */
NETIPC_API bool netipc_writer_refuse(netipc_writer *out, const netipc_build_error *why, netipc_build_error *error);

/** For generated code: checks that `len` more bytes fit; when they do not, fails for good. */
NETIPC_API bool netipc_writer_claim(netipc_writer *out, size_t len, netipc_build_error *error);

/** For generated code: appends `len` bytes at `bytes`; nothing when they do not fit. */
NETIPC_API bool netipc_writer_put(netipc_writer *out, const void *bytes, size_t len);

/** For generated code: appends a string and its NUL. */
NETIPC_API bool netipc_writer_string(netipc_writer *out, netipc_bytes text);

/** For generated code: appends `len` zero bytes and says where they are; `NULL` when they do not fit. */
NETIPC_API uint8_t *netipc_writer_zeros(netipc_writer *out, size_t len);

/** For generated code: overwrites bytes at `at`; without effect after an overflow, when they may not be there. */
NETIPC_API void netipc_writer_patch(netipc_writer *out, size_t at, const void *bytes, size_t len);

/** For generated code: appends a record; all or nothing. */
NETIPC_API bool netipc_writer_record(netipc_writer *out, const netipc_encoder *encoder, const void *values,
                                     netipc_build_error *error);

/** For generated code: adds lengths; what does not fit becomes `SIZE_MAX`, which fits no budget. */
static inline size_t netipc_add(size_t left, size_t right)
{
    return left > SIZE_MAX - right ? SIZE_MAX : left + right;
}

#ifdef __cplusplus
}
#endif

#endif
