/**
 * What generated codecs stand on: everything in `netipc/codec/`.
 *
 * Nothing here does I/O, waits or allocates (NIPC-COD-03). Programs use the generated headers in `netipc/services/`, or
 * their own from `netipc gen`, and of this only what those hand out: the writer, the errors, byte strings.
 */
#ifndef NETIPC_CODEC_H
#define NETIPC_CODEC_H

#include "netipc/codec/answers.h"
#include "netipc/codec/error.h"
#include "netipc/codec/items.h"
#include "netipc/codec/number.h"
#include "netipc/codec/reader.h"
#include "netipc/codec/stitcher.h"
#include "netipc/codec/string.h"
#include "netipc/codec/table.h"
#include "netipc/codec/writer.h"

#endif
