#include "netipc/codec/string.h"

#include <string.h>

#include "netipc/codec/number.h"

bool netipc_bytes_equal(netipc_bytes left, netipc_bytes right)
{
    return left.len == right.len && (left.len == 0 || memcmp(left.data, right.data, left.len) == 0);
}

netipc_bytes netipc_bytes_of(const char *text)
{
    return (netipc_bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

bool netipc_string_content(const netipc_string_rule *rule, netipc_bytes text, netipc_offence *problem)
{
    if (text.len < rule->min_len) {
        *problem = (netipc_offence){
            .code = NETIPC_CODEC_TOO_SHORT, .got = text.len, .allowed = rule->min_len};
        return false;
    }
    if (text.len > rule->max_len) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_TOO_LONG, .got = text.len, .allowed = rule->max_len};
        return false;
    }
    if (rule->interior_nul || text.len == 0) {
        return true;
    }
    const uint8_t *nul = memchr(text.data, 0, text.len);
    if (nul != NULL) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_INTERIOR_NUL, .at = (uint64_t)(nul - text.data)};
        return false;
    }
    return true;
}

bool netipc_string_check(const netipc_string_rule *rule, const char *record, netipc_bytes text,
                         netipc_build_error *error)
{
    netipc_offence problem;
    return netipc_string_content(rule, text, &problem) || netipc_build_invalid(error, record, rule->field, &problem);
}

netipc_bytes netipc_string_at(netipc_bytes record, netipc_bytes fixed, size_t at)
{
    size_t offset = netipc_load_u32(fixed, at, 0);
    size_t len = netipc_load_u32(fixed, at + 4, 0);
    if (record.len == 0 || !netipc_has(record, offset, len)) {
        return (netipc_bytes){.data = NULL, .len = 0};
    }
    return (netipc_bytes){.data = record.data + offset, .len = len};
}

netipc_bytes netipc_string_or(netipc_bytes record, netipc_bytes fixed, size_t at, const char *absent, size_t len)
{
    if (!netipc_has(fixed, at, 8)) {
        return (netipc_bytes){.data = (const uint8_t *)absent, .len = len};
    }
    return netipc_string_at(record, fixed, at);
}

netipc_bytes netipc_string_rest(netipc_bytes record, size_t at)
{
    if (record.len <= at) {
        return (netipc_bytes){.data = NULL, .len = 0};
    }
    return (netipc_bytes){.data = record.data + at, .len = record.len - at - 1};
}

netipc_bytes netipc_string_copy(netipc_bytes text, uint8_t *to)
{
    if (text.len > 0) {
        memcpy(to, text.data, text.len);
    }
    to[text.len] = 0;
    return (netipc_bytes){.data = to, .len = text.len};
}
