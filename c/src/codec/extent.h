/*
 * Where a string stands, for records and the rows of tables.
 */
#ifndef NETIPC__CODEC_EXTENT_H
#define NETIPC__CODEC_EXTENT_H

#include "netipc/codec/string.h"

/*
 * Checks the string of `len` bytes at `offset`: its place, its end, the NUL behind it, its content (NIPC-COD-24).
 * `start` and `only_there` are its place, whatever `rule` says of that.
 */
bool netipc__extent(netipc_bytes record, uint32_t offset, uint32_t len, uint32_t start, bool only_there,
                    const netipc_string_rule *rule, netipc_offence *problem);

#endif
