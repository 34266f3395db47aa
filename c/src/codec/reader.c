#include "netipc/codec/reader.h"

#include "codec/extent.h"
#include "netipc/codec/items.h"

/* Tells the first broken rule. Always false. */
static bool refuse(const netipc_reader *reader, const char *field, size_t offset, netipc_offence problem)
{
    if (reader->error != NULL) {
        *reader->error = (netipc_decode_error){
            .record = reader->record, .field = field, .offset = offset, .item = -1, .problem = problem};
    }
    return false;
}

static bool truncated(const netipc_reader *reader, const char *field, size_t offset, uint64_t needed)
{
    return refuse(reader, field, offset, (netipc_offence){
        .code = NETIPC_CODEC_TRUNCATED, .got = reader->bytes.len, .allowed = needed});
}

bool netipc_reader_start(netipc_reader *reader, const char *record, netipc_bytes bytes, size_t size,
                         netipc_decode_error *error)
{
    *reader = (netipc_reader){
        .record = record, .bytes = bytes, .fixed = {.data = bytes.data, .len = size}, .error = error};
    return bytes.len >= size || truncated(reader, record, 0, size);
}

bool netipc_reader_start_growing(netipc_reader *reader, const char *record, netipc_bytes bytes, const char *field,
                                 size_t at, const uint64_t *sizes, size_t versions, netipc_decode_error *error)
{
    if (!netipc_reader_start(reader, record, bytes, (size_t)sizes[0], error)) {
        return false;
    }
    size_t size = netipc_load_u16(bytes, at, 0);
    reader->newer = size > sizes[versions - 1];
    bool known = reader->newer;
    for (size_t i = 0; i < versions && !known; i++) {
        known = size == sizes[i];
    }
    if (!known) {
        return refuse(reader, field, at, (netipc_offence){
            .code = NETIPC_CODEC_FIXED_SIZE, .got = size, .listed = sizes, .listed_count = versions});
    }
    reader->fixed.len = size;
    return size <= bytes.len || truncated(reader, field, at, size);
}

bool netipc_reader_constant(const netipc_reader *reader, const char *field, size_t at, size_t width, uint64_t allowed)
{
    uint64_t got = netipc_load(reader->fixed, at, width, allowed);
    return got == allowed || refuse(reader, field, at, (netipc_offence){
        .code = NETIPC_CODEC_CONSTANT, .got = got, .allowed = allowed});
}

bool netipc_reader_listed(const netipc_reader *reader, const char *field, size_t at, size_t width,
                          const uint64_t *listed, size_t count)
{
    if (!netipc_has(reader->fixed, at, width)) {
        return true;
    }
    uint64_t got = netipc_load(reader->fixed, at, width, 0);
    for (size_t i = 0; i < count; i++) {
        if (got == listed[i]) {
            return true;
        }
    }
    return refuse(reader, field, at, (netipc_offence){
        .code = NETIPC_CODEC_UNLISTED, .got = got, .listed = listed, .listed_count = count});
}

bool netipc__extent(netipc_bytes record, uint32_t offset, uint32_t len, uint32_t start, bool only_there,
                    const netipc_string_rule *rule, netipc_offence *problem)
{
    if (only_there ? offset != start : offset < start) {
        netipc_codec_problem code = only_there ? NETIPC_CODEC_MISPLACED : NETIPC_CODEC_STARTS_EARLY;
        *problem = (netipc_offence){.code = code, .got = offset, .allowed = start};
        return false;
    }
    /* In 64 bits the sum cannot wrap, on no host. */
    uint64_t end = (uint64_t)offset + len;
    if (end >= record.len) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_OUT_OF_BOUNDS, .got = end + 1, .allowed = record.len};
        return false;
    }
    uint8_t behind = record.data[(size_t)end];
    if (behind != 0) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_UNTERMINATED, .got = behind};
        return false;
    }
    return netipc_string_content(rule, (netipc_bytes){.data = record.data + offset, .len = len}, problem);
}

bool netipc_reader_string(const netipc_reader *reader, size_t at, const netipc_string_rule *rule, netipc_extent *extent)
{
    size_t size = reader->fixed.len;
    *extent = (netipc_extent){.field = rule->field, .at = at, .start = size, .end = size, .len = rule->absent_len};
    if (!netipc_has(reader->fixed, at, 8)) {
        return true;
    }
    uint32_t offset = netipc_load_u32(reader->fixed, at, 0);
    uint32_t len = netipc_load_u32(reader->fixed, at + 4, 0);
    uint32_t start = rule->start;
    if (!rule->only_there && start < size) {
        /* Its writer's fixed part counts, which may be longer than the reader knows (NIPC-EVO-05). */
        start = (uint32_t)size;
    }
    netipc_offence problem;
    if (!netipc__extent(reader->bytes, offset, len, start, rule->only_there, rule, &problem)) {
        return refuse(reader, rule->field, at, problem);
    }
    extent->start = offset;
    extent->len = len;
    extent->end = extent->start + len + 1;
    return true;
}

bool netipc_reader_rest(const netipc_reader *reader, const netipc_string_rule *rule, netipc_extent *extent)
{
    size_t at = reader->fixed.len;
    size_t end = reader->bytes.len;
    if (end == at) {
        return truncated(reader, rule->field, at, (uint64_t)at + 1);
    }
    uint8_t last = reader->bytes.data[end - 1];
    if (last != 0) {
        return refuse(reader, rule->field, at, (netipc_offence){.code = NETIPC_CODEC_UNTERMINATED, .got = last});
    }
    netipc_offence problem;
    netipc_bytes text = {.data = reader->bytes.data + at, .len = end - at - 1};
    if (!netipc_string_content(rule, text, &problem)) {
        return refuse(reader, rule->field, at, problem);
    }
    *extent = (netipc_extent){.field = rule->field, .at = at, .start = at, .end = end, .len = text.len};
    return true;
}

bool netipc_reader_disjoint(const netipc_reader *reader, const netipc_extent *strings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strings[i].start < strings[j].end && strings[j].start < strings[i].end) {
                return refuse(reader, strings[i].field, strings[i].at, (netipc_offence){
                    .code = NETIPC_CODEC_OVERLAP, .text = strings[j].field});
            }
        }
    }
    return true;
}

size_t netipc_reader_behind(const netipc_reader *reader, const netipc_extent *strings, size_t count)
{
    size_t end = count == 0 ? reader->fixed.len : 0;
    for (size_t i = 0; i < count; i++) {
        if (strings[i].end > end) {
            end = strings[i].end;
        }
    }
    return end;
}

bool netipc_reader_ends(const netipc_reader *reader, size_t end)
{
    size_t got = reader->bytes.len;
    return reader->newer || got == end || refuse(reader, reader->record, end, (netipc_offence){
        .code = NETIPC_CODEC_TRAILING_BYTES, .got = got, .allowed = end});
}

bool netipc_reader_constant_when(const netipc_reader *reader, const char *field, size_t at, uint64_t got,
                                 uint64_t allowed, const char *when)
{
    return got == allowed || refuse(reader, field, at, (netipc_offence){
        .code = NETIPC_CODEC_CONSTANT_WHEN, .got = got, .allowed = allowed, .text = when});
}

bool netipc_reader_empty_when(const netipc_reader *reader, const char *field, size_t at, uint64_t len, const char *when)
{
    return len == 0 || refuse(reader, field, at, (netipc_offence){
        .code = NETIPC_CODEC_NOT_EMPTY_WHEN, .got = len, .text = when});
}

bool netipc_reader_present_when(const netipc_reader *reader, const char *field, size_t at, uint64_t len,
                                const char *when)
{
    return len > 0 || refuse(reader, field, at, (netipc_offence){.code = NETIPC_CODEC_EMPTY_WHEN, .text = when});
}

/* The first rule that an entry breaks, checked against the end of the item before it and the size of the area. */
static bool check_entry(uint64_t offset, uint64_t len, uint64_t previous_end, uint64_t area, bool gaps,
                        netipc_offence *problem)
{
    if (offset % NETIPC_ITEM_ALIGN != 0) {
        *problem = (netipc_offence){
            .code = NETIPC_CODEC_UNALIGNED, .got = offset, .allowed = NETIPC_ITEM_ALIGN};
        return false;
    }
    if (offset < previous_end) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_STARTS_EARLY, .got = offset, .allowed = previous_end};
        return false;
    }
    uint64_t packed = (previous_end + NETIPC_ITEM_ALIGN - 1) / NETIPC_ITEM_ALIGN * NETIPC_ITEM_ALIGN;
    if (!gaps && offset != packed) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_MISPLACED, .got = offset, .allowed = packed};
        return false;
    }
    if (offset + len > area) {
        *problem = (netipc_offence){.code = NETIPC_CODEC_OUT_OF_BOUNDS, .got = offset + len, .allowed = area};
        return false;
    }
    return true;
}

bool netipc_reader_items(const netipc_reader *reader, const char *field, uint32_t count, bool gaps,
                         netipc_check_item *check, size_t *end)
{
    size_t at = reader->fixed.len;
    /* In 64 bits: eight times the count does not fit size_t on every host. */
    uint64_t directory = (uint64_t)count * NETIPC_ENTRY_SIZE;
    if (directory > reader->bytes.len - at) {
        return truncated(reader, field, at, at + directory);
    }
    size_t area_at = at + (size_t)directory;
    size_t area = reader->bytes.len - area_at;
    uint64_t item_end = 0;
    for (uint32_t i = 0; i < count; i++) {
        size_t entry = at + (size_t)i * NETIPC_ENTRY_SIZE;
        uint32_t offset = netipc_load_u32(reader->bytes, entry, 0);
        uint32_t len = netipc_load_u32(reader->bytes, entry + 4, 0);
        netipc_offence problem;
        if (!check_entry(offset, len, item_end, area, gaps, &problem)) {
            refuse(reader, field, entry, problem);
            if (reader->error != NULL) {
                reader->error->item = i;
            }
            return false;
        }
        netipc_bytes item = {.data = reader->bytes.data + area_at + offset, .len = len};
        if (!check(item, reader->error)) {
            if (reader->error != NULL) {
                reader->error->offset += area_at + offset;
                reader->error->item = i;
            }
            return false;
        }
        item_end = (uint64_t)offset + len;
    }
    *end = area_at + (size_t)item_end;
    return true;
}
