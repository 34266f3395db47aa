#include "netipc/codec/answers.h"

void netipc_answers_start(netipc_answers *answers, const netipc_answers_form *form, netipc_items keys,
                          netipc_writer *out)
{
    *answers = (netipc_answers){.form = form, .out = out, .keys = keys};
    for (size_t i = 0; i < keys.count; i++) {
        size_t size = form->short_size(netipc_items_bytes(&keys, i));
        answers->reserve = netipc_add(answers->reserve, netipc_item_align(size));
        answers->last_padding = netipc_item_align(size) - size;
    }
    /* The writer remembers what did not fit, and closing reports it. */
    size_t least = netipc_add(NETIPC_ENTRY_SIZE * keys.count, answers->reserve - answers->last_padding);
    if (netipc_writer_claim(out, netipc_add(form->fixed, least), NULL)) {
        netipc_writer_zeros(out, form->fixed);
    }
    netipc_items_start(&answers->items, out, keys.count);
}

bool netipc_answers_wants_more(const netipc_answers *answers)
{
    return !answers->full && !answers->out->overflowed && answers->given < answers->keys.count;
}

static bool miscounted(const netipc_answers *answers, netipc_build_error *error)
{
    if (error != NULL) {
        *error = (netipc_build_error){.code = NETIPC_BUILD_ANSWERS, .record = answers->form->record,
            .got = answers->given, .keys = answers->keys.count};
    }
    return false;
}

bool netipc_answers_next(netipc_answers *answers, netipc_bytes *key, netipc_build_error *error)
{
    if (answers->given >= answers->keys.count) {
        answers->given = netipc_add(answers->given, 1);
        return miscounted(answers, error);
    }
    *key = netipc_items_bytes(&answers->keys, answers->given);
    return true;
}

/* Bytes of the reply when the next item has `size` bytes, and short records of `following` bytes come behind it. */
static size_t whole(const netipc_answers *answers, size_t size, size_t following)
{
    size_t end = netipc_add(netipc_item_align(answers->items.end), size);
    if (following > 0) {
        end = netipc_add(netipc_item_align(end), following - answers->last_padding);
    }
    return netipc_add(answers->form->fixed + NETIPC_ENTRY_SIZE * answers->keys.count, end);
}

static bool write_short(netipc_answers *answers, netipc_bytes key, netipc_shortage why, netipc_build_error *error)
{
    if (!netipc_items_claim(&answers->items, answers->out, answers->form->short_size(key), error)) {
        return false;
    }
    answers->form->write_short(key, why, answers->out);
    return true;
}

static bool place(netipc_answers *answers, netipc_bytes key, const netipc_encoder *encoder, const void *values,
                  netipc_build_error *error)
{
    size_t budget = answers->out->budget;
    size_t size = encoder->size(values);
    size_t reserved = netipc_item_align(answers->form->short_size(key));
    size_t needed = whole(answers, size, answers->reserve - reserved);
    if (needed <= budget) {
        if (!netipc_items_claim(&answers->items, answers->out, size, error)) {
            return false;
        }
        encoder->write(values, answers->out);
        answers->reserve -= reserved;
        return true;
    }
    if (netipc_add(answers->form->fixed + NETIPC_ENTRY_SIZE, size) > budget) {
        if (!write_short(answers, key, NETIPC_SHORTAGE_OVERSIZED, error)) {
            return false;
        }
        answers->reserve -= reserved;
        return true;
    }
    if (answers->items.count == 0) {
        /* Surely refused, with the right numbers. */
        return netipc_writer_claim(answers->out, needed - netipc_writer_size(answers->out), error);
    }
    answers->full = true;
    return true;
}

bool netipc_answers_push(netipc_answers *answers, const netipc_encoder *encoder, const void *values,
                         netipc_build_error *error)
{
    if (encoder->check != NULL && !encoder->check(values, error)) {
        return false;
    }
    /* Nothing: asks whether it has overflowed already. */
    if (!netipc_writer_claim(answers->out, 0, error)) {
        return false;
    }
    if (!answers->full
        && !place(answers, netipc_items_bytes(&answers->keys, answers->given), encoder, values, error)) {
        return false;
    }
    answers->given++;
    return true;
}

/* Closes the list; `error` is there. */
static bool fill_up(netipc_answers *answers, uint32_t *count, netipc_build_error *error)
{
    size_t keys = answers->keys.count;
    if (!netipc_writer_claim(answers->out, 0, error)) {
        return false;
    }
    if (answers->given > keys || (answers->given < keys && !answers->full)) {
        return miscounted(answers, error);
    }
    while (answers->items.count < keys) {
        netipc_bytes key = netipc_items_bytes(&answers->keys, answers->items.count);
        if (!write_short(answers, key, NETIPC_SHORTAGE_EXCEEDED, error)) {
            return false;
        }
    }
    *count = netipc_items_finish(&answers->items, answers->out);
    return true;
}

bool netipc_answers_close(netipc_answers *answers, uint32_t *count, netipc_build_error *error)
{
    netipc_build_error why;
    return fill_up(answers, count, &why) || netipc_writer_refuse(answers->out, &why, error);
}
