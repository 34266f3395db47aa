/* The client's side of the handshake: proposes, and judges the answer. */
#include "handshake.h"

#include "cursor.h"
#include "fail.h"
#include "netipc/chunk.h"

netipc_proposal netipc_proposal_default(void)
{
    return (netipc_proposal){
        .supported = NETIPC_PROFILE_BASELINE,
        .preferred = NETIPC_PROFILE_NONE,
        .request = {.max_payload = NETIPC_DEFAULT_REQUEST_PAYLOAD, .max_items = NETIPC_DEFAULT_ITEMS},
        .response = {.max_payload = NETIPC_DEFAULT_RESPONSE_PAYLOAD, .max_items = NETIPC_DEFAULT_ITEMS},
        .response_ceiling = NETIPC_DEFAULT_GROWTH_CEILING,
        .packet_size = NETIPC_DEFAULT_PACKET_SIZE,
    };
}

static netipc_profiles offered(const netipc_proposal *proposal)
{
    return proposal->supported & NETIPC_PROFILES_OFFERABLE;
}

void netipc_proposal_hello(const netipc_proposal *proposal, uint8_t out[NETIPC_HELLO_PACKET_LEN])
{
    netipc_hello hello = {
        .layout_version = NETIPC_LAYOUT_VERSION,
        .supported = offered(proposal),
        .preferred = proposal->preferred,
        .request = netipc__at_least_one_item(proposal->request),
        .response = netipc__at_least_one_item(proposal->response),
        .auth_token = proposal->auth_token,
        .packet_size = proposal->packet_size,
    };
    netipc_hello_packet(&hello, out);
}

/* The kinds of NIPC-HS-30. */
static netipc_kind rejection_kind(netipc_status status)
{
    switch (status) {
    case NETIPC_STATUS_AUTH_FAILED:
        return NETIPC_KIND_DENIED;
    case NETIPC_STATUS_INCOMPATIBLE:
    case NETIPC_STATUS_UNSUPPORTED:
        return NETIPC_KIND_INCOMPATIBLE;
    default:
        return NETIPC_KIND_REJECTED;
    }
}

/* Rows 2 to 8 of the order of judgement: is it a HELLO_ACK that says yes, of our layout? */
static bool decode(const netipc_proposal *proposal, const void *packet, size_t len, netipc_hello_ack *ack,
                   netipc_error *error)
{
    netipc_header header;
    netipc_error fault;
    if (!netipc_header_decode(&header, packet, len, &fault)) {
        if (fault.problem == NETIPC_PROBLEM_HEADER_VERSION) {
            return NETIPC__FAIL(error, ACK_VERSION, .got = fault.got, .allowed = NETIPC_PROTOCOL_VERSION);
        }
        return netipc__fail(error, fault);
    }
    if (header.kind != NETIPC_MESSAGE_CONTROL || header.code != NETIPC_CODE_HELLO_ACK) {
        return NETIPC__FAIL(error, ACK_EXPECTED, .got = header.code, .detail = (uint64_t)header.kind);
    }
    /* Before the payload: a rejection may come without one (NIPC-HS-22). */
    if (header.status != NETIPC_STATUS_OK) {
        return NETIPC__FAIL(error, ACK_REJECTED, .kind = rejection_kind(header.status), .got = header.status,
                            .detail = proposal->request.max_payload);
    }
    netipc__reader in = netipc__reader_over(packet, len);
    netipc__read_bytes(&in, NETIPC_HEADER_LEN);
    if (!netipc_hello_ack_decode(ack, in.at, in.left, error)) {
        return false;
    }
    if (ack->layout_version != NETIPC_LAYOUT_VERSION) {
        return NETIPC__FAIL(error, ACK_LAYOUT, .got = ack->layout_version, .allowed = NETIPC_LAYOUT_VERSION);
    }
    if (ack->flags != 0) {
        return NETIPC__FAIL(error, ACK_FLAGS, .got = ack->flags);
    }
    return true;
}

/* Rows 9 to 11: are these grants that the client can live with? */
static bool judge(const netipc_proposal *proposal, const netipc_hello_ack *ack, netipc_profiles runnable,
                  netipc_error *error)
{
    netipc_profiles possible = offered(proposal) & runnable;
    if (!netipc_profiles_single(ack->selected) || (ack->selected & possible) == 0) {
        return NETIPC__FAIL(error, ACK_PROFILE, .got = ack->selected, .allowed = possible);
    }
    uint32_t packet_size = netipc__min32(ack->packet_size, proposal->packet_size);
    if (packet_size < NETIPC_MIN_PACKET_SIZE) {
        return NETIPC__FAIL(error, ACK_PACKET_SIZE, .got = packet_size, .allowed = NETIPC_MIN_PACKET_SIZE);
    }
    if (ack->request.max_payload > proposal->request.max_payload) {
        return NETIPC__FAIL(error, ACK_REQUEST_PAYLOAD, .got = ack->request.max_payload,
                            .allowed = proposal->request.max_payload);
    }
    return true;
}

bool netipc_proposal_accept(const netipc_proposal *proposal, const void *packet, size_t len, netipc_profiles runnable,
                            netipc_agreed *agreed, netipc_error *error)
{
    netipc_hello_ack ack;
    if (!decode(proposal, packet, len, &ack, error) || !judge(proposal, &ack, runnable, error)) {
        return false;
    }
    netipc_limits response = netipc__at_least_one_item(ack.response);
    response.max_payload = netipc__min32(response.max_payload, proposal->response_ceiling);
    *agreed = (netipc_agreed){
        .profile = ack.selected,
        .server_supported = ack.server_supported,
        .request = netipc__at_least_one_item(ack.request),
        .response = response,
        .granted_response_payload = ack.response.max_payload,
        .packet_size = netipc__min32(ack.packet_size, proposal->packet_size),
        .session_id = ack.session_id,
    };
    return true;
}

netipc_disposition netipc_refusal_disposition(const netipc_error *refusal)
{
    switch ((int)refusal->problem) {
    case NETIPC_PROBLEM_ACK_VERSION:
    case NETIPC_PROBLEM_ACK_LAYOUT:
        return NETIPC_DISPOSITION_INCOMPATIBLE;
    case NETIPC_PROBLEM_ACK_REJECTED:
        break;
    default:
        return NETIPC_DISPOSITION_DISCONNECTED;
    }
    switch (rejection_kind((netipc_status)refusal->got)) {
    case NETIPC_KIND_DENIED:
        return NETIPC_DISPOSITION_AUTH_FAILED;
    case NETIPC_KIND_INCOMPATIBLE:
        return NETIPC_DISPOSITION_INCOMPATIBLE;
    default:
        return NETIPC_DISPOSITION_DISCONNECTED;
    }
}
