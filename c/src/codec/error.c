#include "netipc/codec/error.h"

const char *netipc_problem_name(netipc_problem_code code)
{
    switch (code) {
    case NETIPC_PROBLEM_NONE: return "none";
    case NETIPC_PROBLEM_TRUNCATED: return "truncated";
    case NETIPC_PROBLEM_TRAILING_BYTES: return "trailing_bytes";
    case NETIPC_PROBLEM_CONSTANT: return "constant";
    case NETIPC_PROBLEM_FIXED_SIZE: return "fixed_size";
    case NETIPC_PROBLEM_UNLISTED: return "unlisted";
    case NETIPC_PROBLEM_CONSTANT_WHEN: return "constant_when";
    case NETIPC_PROBLEM_NOT_EMPTY_WHEN: return "not_empty_when";
    case NETIPC_PROBLEM_EMPTY_WHEN: return "empty_when";
    case NETIPC_PROBLEM_TOO_MANY: return "too_many";
    case NETIPC_PROBLEM_PADDING: return "padding";
    case NETIPC_PROBLEM_STARTS_EARLY: return "starts_early";
    case NETIPC_PROBLEM_MISPLACED: return "misplaced";
    case NETIPC_PROBLEM_UNALIGNED: return "unaligned";
    case NETIPC_PROBLEM_OUT_OF_BOUNDS: return "out_of_bounds";
    case NETIPC_PROBLEM_TOO_SHORT: return "too_short";
    case NETIPC_PROBLEM_TOO_LONG: return "too_long";
    case NETIPC_PROBLEM_UNTERMINATED: return "unterminated";
    case NETIPC_PROBLEM_INTERIOR_NUL: return "interior_nul";
    case NETIPC_PROBLEM_OVERLAP: return "overlap";
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
                          const netipc_problem *problem)
{
    if (error != NULL) {
        *error = (netipc_build_error){
            .code = NETIPC_BUILD_INVALID, .record = record, .field = field, .problem = *problem};
    }
    return false;
}

bool netipc_build_missing(netipc_build_error *error, const char *record, const char *field)
{
    if (error != NULL) {
        *error = (netipc_build_error){.code = NETIPC_BUILD_MISSING, .record = record, .field = field};
    }
    return false;
}
