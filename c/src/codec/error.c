#include "netipc/codec/error.h"

const char *netipc_codec_problem_name(netipc_codec_problem code)
{
    switch (code) {
    case NETIPC_CODEC_NONE: return "none";
    case NETIPC_CODEC_TRUNCATED: return "truncated";
    case NETIPC_CODEC_TRAILING_BYTES: return "trailing_bytes";
    case NETIPC_CODEC_CONSTANT: return "constant";
    case NETIPC_CODEC_FIXED_SIZE: return "fixed_size";
    case NETIPC_CODEC_UNLISTED: return "unlisted";
    case NETIPC_CODEC_CONSTANT_WHEN: return "constant_when";
    case NETIPC_CODEC_NOT_EMPTY_WHEN: return "not_empty_when";
    case NETIPC_CODEC_EMPTY_WHEN: return "empty_when";
    case NETIPC_CODEC_TOO_MANY: return "too_many";
    case NETIPC_CODEC_PADDING: return "padding";
    case NETIPC_CODEC_STARTS_EARLY: return "starts_early";
    case NETIPC_CODEC_MISPLACED: return "misplaced";
    case NETIPC_CODEC_UNALIGNED: return "unaligned";
    case NETIPC_CODEC_OUT_OF_BOUNDS: return "out_of_bounds";
    case NETIPC_CODEC_TOO_SHORT: return "too_short";
    case NETIPC_CODEC_TOO_LONG: return "too_long";
    case NETIPC_CODEC_UNTERMINATED: return "unterminated";
    case NETIPC_CODEC_INTERIOR_NUL: return "interior_nul";
    case NETIPC_CODEC_OVERLAP: return "overlap";
    }
    return "unknown";
}

netipc_kind netipc_build_error_kind(const netipc_build_error *error)
{
    switch (error->code) {
    case NETIPC_BUILD_DONE: return NETIPC_KIND_NONE;
    case NETIPC_BUILD_OVERFLOW: return NETIPC_KIND_LIMIT_EXCEEDED;
    case NETIPC_BUILD_INVALID:
    case NETIPC_BUILD_MISSING:
    case NETIPC_BUILD_ANSWERS: break;
    }
    return NETIPC_KIND_API_MISUSE;
}

bool netipc_build_invalid(netipc_build_error *error, const char *record, const char *field,
                          const netipc_offence *problem)
{
    if (error != NULL) {
        *error = (netipc_build_error){
            .code = NETIPC_BUILD_INVALID, .record = record, .field = field, .problem = *problem};
    }
    return false;
}

bool netipc_build_listed(netipc_build_error *error, const char *record, const char *field, uint64_t got,
                         const uint64_t *listed, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (got == listed[i]) {
            return true;
        }
    }
    return netipc_build_invalid(error, record, field, &(netipc_offence){
        .code = NETIPC_CODEC_UNLISTED, .got = got, .listed = listed, .listed_count = count});
}

bool netipc_build_constant_when(netipc_build_error *error, const char *record, const char *field, uint64_t got,
                                uint64_t allowed, const char *when)
{
    return got == allowed || netipc_build_invalid(error, record, field, &(netipc_offence){
        .code = NETIPC_CODEC_CONSTANT_WHEN, .got = got, .allowed = allowed, .text = when});
}

bool netipc_build_empty_when(netipc_build_error *error, const char *record, const char *field, uint64_t len,
                             const char *when)
{
    return len == 0 || netipc_build_invalid(error, record, field, &(netipc_offence){
        .code = NETIPC_CODEC_NOT_EMPTY_WHEN, .got = len, .text = when});
}

bool netipc_build_present_when(netipc_build_error *error, const char *record, const char *field, uint64_t len,
                               const char *when)
{
    return len > 0 || netipc_build_invalid(error, record, field, &(netipc_offence){
        .code = NETIPC_CODEC_EMPTY_WHEN, .text = when});
}

bool netipc_build_missing(netipc_build_error *error, const char *record, const char *field)
{
    if (error != NULL) {
        *error = (netipc_build_error){.code = NETIPC_BUILD_MISSING, .record = record, .field = field};
    }
    return false;
}
