/**
 * What a provider and a consumer of the service ip-to-asn share in C.
 */
#ifndef ASN_H
#define ASN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip_to_asn.h"

/** The key that asks for an address: its 16 bytes, as IPv6 has them. */
ip_to_asn_address asn_key(const uint8_t address[16]);

/** A network and who announces it. */
typedef struct asn_network {
    /** The first address of the network. */
    uint8_t address[16];
    /** Bits of an address that are the network's. */
    unsigned bits;
    /** Number of the autonomous system. */
    uint32_t asn;
    /** Two letters, or nothing. */
    const char *country;
    /** Who runs it. */
    const char *organisation;
} asn_network;

/**
 * Answers each key of a request with the longest prefix that contains it.
 *
 * @return false when the reply has no room, with the bytes needed in `error`.
 */
bool asn_answer(const asn_network *networks, size_t count, const ip_to_asn_request *request,
                ip_to_asn_reply_builder *reply, netipc_build_error *error);

#endif
