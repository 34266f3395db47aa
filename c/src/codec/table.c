#include "netipc/codec/table.h"

#include <string.h>

#include "codec/extent.h"
#include "netipc/codec/number.h"
#include "netipc/codec/reader.h"

/* Tables start at multiples of this, counted from the start of the record. */
#define TABLE_ALIGN 8u

/* Bytes of the reference to one string. */
#define REF_SIZE 8u

static size_t aligned(size_t end)
{
    return netipc_add(end, TABLE_ALIGN - 1) & ~(size_t)(TABLE_ALIGN - 1);
}

/* Tells what is wrong with the string `field` of `record`. Always false. */
static bool refuse(const netipc_reader *reader, const char *record, const char *field, size_t offset,
                   netipc_offence problem)
{
    if (reader->error != NULL) {
        *reader->error = (netipc_decode_error){
            .record = record, .field = field, .offset = offset, .item = -1, .problem = problem};
    }
    return false;
}

static bool check_padding(const netipc_reader *reader, const char *field, size_t behind, size_t table)
{
    for (size_t at = behind; at < table; at++) {
        uint8_t got = reader->bytes.data[at];
        if (got != 0) {
            return refuse(reader, reader->record, field, table, (netipc_offence){
                .code = NETIPC_CODEC_PADDING, .got = got, .at = at});
        }
    }
    return true;
}

bool netipc_reader_table(const netipc_reader *reader, const char *field, uint64_t rows, size_t behind,
                         const netipc_row_rule *rule, size_t *end)
{
    *end = behind;
    if (rows == 0) {
        return true;
    }
    netipc_bytes bytes = reader->bytes;
    size_t table = aligned(behind);
    /* Nothing wraps in 64 bits: a u32 times the bytes of a row, which has a few strings. */
    uint64_t table_end = table + rows * rule->count * REF_SIZE;
    if (table_end > bytes.len) {
        return refuse(reader, reader->record, field, table, (netipc_offence){
            .code = NETIPC_CODEC_TRUNCATED, .got = bytes.len, .allowed = table_end});
    }
    if (!check_padding(reader, field, behind, table)) {
        return false;
    }
    *end = (size_t)table_end;
    for (size_t at = table, i = 0; at < table_end; at += REF_SIZE, i++) {
        const netipc_string_rule *string = &rule->strings[i % rule->count];
        uint32_t offset = netipc_load_u32(bytes, at, 0);
        uint32_t len = netipc_load_u32(bytes, at + 4, 0);
        /* An offset is a u32: behind 4 GiB none is right. */
        uint32_t start = *end < UINT32_MAX ? (uint32_t)*end : UINT32_MAX;
        netipc_offence problem;
        if (!netipc__extent(bytes, offset, len, start, true, string, &problem)) {
            return refuse(reader, rule->record, string->field, at, problem);
        }
        *end = (size_t)offset + len + 1;
    }
    return true;
}

netipc_rows netipc_rows_view(netipc_bytes record, size_t size, const size_t *references, size_t reference_count,
                             size_t count, size_t strings)
{
    size_t behind = size;
    for (size_t i = 0; i < reference_count; i++) {
        size_t offset = netipc_load_u32(record, references[i], 0);
        size_t end = netipc_add(netipc_add(offset, netipc_load_u32(record, references[i] + 4, 0)), 1);
        if (end > behind) {
            behind = end;
        }
    }
    size_t table = aligned(behind);
    size_t room = table < record.len ? (record.len - table) / REF_SIZE / strings : 0;
    return (netipc_rows){.count = count <= room ? count : 0, .record = record, .at = table, .strings = strings};
}

netipc_bytes netipc_rows_string(const netipc_rows *rows, size_t row, size_t index)
{
    if (row >= rows->count || index >= rows->strings) {
        return (netipc_bytes){.data = NULL, .len = 0};
    }
    size_t at = rows->at + (row * rows->strings + index) * REF_SIZE;
    return netipc_string_at(rows->record, rows->record, at);
}

/* String number `index` of all strings of the rows. */
static netipc_bytes string_of(const void *rows, size_t index)
{
    netipc_bytes string;
    memcpy(&string, (const uint8_t *)rows + index * sizeof string, sizeof string);
    return string;
}

bool netipc_table_check(const netipc_row_rule *rule, const char *record, const char *field, const void *rows,
                        size_t count, uint64_t most, netipc_build_error *error)
{
    if (count > most) {
        return netipc_build_invalid(error, record, field, &(netipc_offence){
            .code = NETIPC_CODEC_TOO_MANY, .got = count, .allowed = most});
    }
    for (size_t i = 0; i < count * rule->count; i++) {
        if (!netipc_string_check(&rule->strings[i % rule->count], rule->record, string_of(rows, i), error)) {
            return false;
        }
    }
    return true;
}

size_t netipc_table_size(size_t behind, const void *rows, size_t count, size_t strings)
{
    if (count == 0) {
        return 0;
    }
    size_t size = aligned(behind);
    size = size > behind ? size - behind : 0;
    for (size_t i = 0; i < count * strings; i++) {
        size = netipc_add(size, netipc_add(string_of(rows, i).len, REF_SIZE + 1));
    }
    return size;
}

void netipc_table_write(netipc_writer *out, size_t behind, const void *rows, size_t count, size_t strings)
{
    if (count == 0) {
        return;
    }
    size_t table = aligned(behind);
    netipc_writer_zeros(out, table - behind);
    size_t end = table + count * strings * REF_SIZE;
    for (size_t i = 0; i < count * strings; i++) {
        netipc_bytes string = string_of(rows, i);
        uint8_t reference[REF_SIZE];
        netipc_store_string(reference, end, string.len);
        netipc_writer_put(out, reference, sizeof reference);
        end += string.len + 1;
    }
    for (size_t i = 0; i < count * strings; i++) {
        netipc_writer_string(out, string_of(rows, i));
    }
}
