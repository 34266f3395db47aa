/* The example, and its two versions in one program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asn.h"
#include "v2_ip_to_asn.h"

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
            exit(EXIT_FAILURE);                                                 \
        }                                                                       \
    } while (0)

/* An IPv4 address, and one of the documentation's IPv6 network. */
#define V4(a, b, c, d) {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}
#define V6(group, last) {0x20, 0x01, 0x0d, 0xb8, 0, group, 0, 0, 0, 0, 0, 0, 0, 0, 0, last}

static const asn_network NETWORKS[] = {
    {V4(192, 0, 2, 0), 96 + 24, 64496, "DE", "Example Networks"},
    {V4(192, 0, 2, 192), 96 + 26, 64497, "FR", "Exemple SARL"},
    {V6(0, 0), 32, 64500, "NL", "Voorbeeld B.V."},
    {V6(1, 0), 48, 64501, "GR", "Paradeigma"},
};

static uint8_t request_bytes[1024];
static uint8_t reply_bytes[1024];
static netipc_build_error error;

/* Asks for addresses and answers within a budget; gives the length of the reply, or 0. */
static size_t ask(const uint8_t addresses[][16], size_t count, size_t budget)
{
    ip_to_asn_address keys[8];
    for (size_t i = 0; i < count; i++) {
        keys[i] = asn_key(addresses[i]);
    }
    netipc_writer out;
    netipc_writer_start(&out, request_bytes, sizeof request_bytes);
    CHECK(ip_to_asn_request_encode(keys, count, &out, NULL));
    ip_to_asn_request request;
    CHECK(ip_to_asn_request_decode(request_bytes, out.len, &request, NULL));
    netipc_writer_start(&out, reply_bytes, budget);
    ip_to_asn_reply_builder reply;
    ip_to_asn_reply_builder_start(&reply, &request, &out);
    return asn_answer(NETWORKS, sizeof NETWORKS / sizeof NETWORKS[0], &request, &reply, &error) ? out.len : 0;
}

static const uint8_t ADDRESSES[][16] = {
    V4(192, 0, 2, 1), V4(192, 0, 2, 200), V6(1, 1), V6(2, 1), V4(10, 0, 0, 1)};

static void the_longest_prefix_answers(void)
{
    static const uint32_t expected[] = {64496, 64497, 64501, 64500, 0};
    ip_to_asn_reply reply;
    ip_to_asn_answer answer;
    CHECK(ip_to_asn_reply_decode(reply_bytes, ask(ADDRESSES, 5, sizeof reply_bytes), &reply, NULL));
    CHECK(reply.items.count == 5);
    for (size_t i = 0; ip_to_asn_reply_items_at(&reply, i, &answer); i++) {
        ip_to_asn_address key = asn_key(ADDRESSES[i]);
        CHECK(answer.high == key.high && answer.low == key.low);
        CHECK(answer.asn == expected[i]);
        CHECK((answer.status == IP_TO_ASN_STATUS_KNOWN) == (expected[i] != 0));
    }
    CHECK(ip_to_asn_reply_items_at(&reply, 1, &answer));
    CHECK(netipc_bytes_equal(answer.organisation, netipc_bytes_of("Exemple SARL")));
}

/* What has no room is to be asked for again; the provider needs to do nothing for that. */
static void full_replies_say_what_is_missing(void)
{
    size_t whole = ask(ADDRESSES, 3, sizeof reply_bytes);
    ip_to_asn_reply reply;
    ip_to_asn_answer answer;
    CHECK(ip_to_asn_reply_decode(reply_bytes, ask(ADDRESSES, 3, whole - 1), &reply, NULL));
    CHECK(ip_to_asn_reply_items_at(&reply, 0, &answer) && answer.status == IP_TO_ASN_STATUS_KNOWN);
    CHECK(ip_to_asn_reply_items_at(&reply, 2, &answer) && answer.status == IP_TO_ASN_STATUS_PAYLOAD_EXCEEDED);
    CHECK(ask(ADDRESSES, 3, 64) == 0 && error.code == NETIPC_BUILD_OVERFLOW && error.budget == 64);
}

/* NIPC-EVO-04: a consumer of version 2 reads what a provider of version 1 wrote. */
static void new_consumers_understand_old_providers(void)
{
    v2_ip_to_asn_reply reply;
    v2_ip_to_asn_answer answer;
    CHECK(v2_ip_to_asn_reply_decode(reply_bytes, ask(ADDRESSES, 1, sizeof reply_bytes), &reply, NULL));
    CHECK(v2_ip_to_asn_reply_items_at(&reply, 0, &answer));
    CHECK(answer.prefix_length == 0 && answer.asn == 64496);
    CHECK(netipc_bytes_equal(answer.country, netipc_bytes_of("DE")));
}

/* NIPC-EVO-03, NIPC-EVO-05, NIPC-EVO-06: a consumer of version 1 reads what a provider of version 2 wrote. */
static void old_consumers_understand_new_providers(void)
{
    const ip_to_asn_address key = asn_key(ADDRESSES[0]);
    netipc_writer out;
    netipc_writer_start(&out, request_bytes, sizeof request_bytes);
    CHECK(ip_to_asn_request_encode(&key, 1, &out, NULL));
    v2_ip_to_asn_request request;
    CHECK(v2_ip_to_asn_request_decode(request_bytes, out.len, &request, NULL));
    const v2_ip_to_asn_known_fields known = {.asn = 64496, .country = netipc_bytes_of("DE"),
        .organisation = netipc_bytes_of("Example Networks"), .prefix_length = 24};
    netipc_writer_start(&out, reply_bytes, sizeof reply_bytes);
    v2_ip_to_asn_reply_builder builder;
    v2_ip_to_asn_reply_builder_start(&builder, &request, &out);
    v2_ip_to_asn_reply_builder_set_generation(&builder, 1);
    CHECK(v2_ip_to_asn_reply_builder_known(&builder, &known, NULL));
    CHECK(v2_ip_to_asn_reply_builder_finish(&builder, NULL));
    ip_to_asn_reply reply;
    ip_to_asn_answer answer;
    CHECK(ip_to_asn_reply_decode(reply_bytes, out.len, &reply, NULL));
    CHECK(ip_to_asn_reply_items_at(&reply, 0, &answer));
    CHECK(answer.asn == 64496 && netipc_bytes_equal(answer.organisation, known.organisation));
}

int main(void)
{
    the_longest_prefix_answers();
    full_replies_say_what_is_missing();
    new_consumers_understand_old_providers();
    old_consumers_understand_new_providers();
    return EXIT_SUCCESS;
}
