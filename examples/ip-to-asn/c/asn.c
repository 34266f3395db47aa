#include "asn.h"

static uint64_t big_endian(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

ip_to_asn_address asn_key(const uint8_t address[16])
{
    return (ip_to_asn_address){.high = big_endian(address), .low = big_endian(address + 8)};
}

/* The upper `bits` of 64, which may be more or less than there are. */
static uint64_t mask(int bits)
{
    if (bits <= 0) {
        return 0;
    }
    return bits >= 64 ? UINT64_MAX : UINT64_MAX << (64 - bits);
}

static bool contains(const asn_network *network, const ip_to_asn_address *key)
{
    ip_to_asn_address first = asn_key(network->address);
    int bits = (int)network->bits;
    return ((first.high ^ key->high) & mask(bits)) == 0 && ((first.low ^ key->low) & mask(bits - 64)) == 0;
}

static const asn_network *find(const asn_network *networks, size_t count, const ip_to_asn_address *key)
{
    const asn_network *best = NULL;
    for (size_t i = 0; i < count; i++) {
        if (contains(&networks[i], key) && (best == NULL || networks[i].bits > best->bits)) {
            best = &networks[i];
        }
    }
    return best;
}

bool asn_answer(const asn_network *networks, size_t count, const ip_to_asn_request *request,
                ip_to_asn_reply_builder *reply, netipc_build_error *error)
{
    ip_to_asn_reply_builder_set_generation(reply, 1); /* the networks never change */
    ip_to_asn_address key;
    for (size_t i = 0; ip_to_asn_request_keys_at(request, i, &key); i++) {
        const asn_network *network = find(networks, count, &key);
        if (network == NULL) {
            if (!ip_to_asn_reply_builder_unknown(reply, error)) {
                return false;
            }
            continue;
        }
        const ip_to_asn_known_fields known = {
            .asn = network->asn,
            .country = netipc_bytes_of(network->country),
            .organisation = netipc_bytes_of(network->organisation),
        };
        if (!ip_to_asn_reply_builder_known(reply, &known, error)) {
            return false;
        }
    }
    return ip_to_asn_reply_builder_finish(reply, error);
}
