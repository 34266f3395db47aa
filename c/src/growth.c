#include "netipc/growth.h"

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

uint32_t netipc_next_pow2(uint32_t n)
{
    uint32_t power = NETIPC_MIN_GROWN;
    while (power < n && power < UINT32_C(1) << 31) {
        power <<= 1;
    }
    return power;
}

uint32_t netipc_doubled(uint32_t agreed)
{
    return netipc_next_pow2(agreed > UINT32_MAX / 2 ? UINT32_MAX : agreed * 2);
}

static bool raise_to(uint32_t *limit, uint32_t wanted)
{
    bool grew = wanted > *limit;
    if (grew) {
        *limit = wanted;
    }
    return grew;
}

netipc_growth netipc_growth_begin(netipc_payloads configured, uint32_t ceiling)
{
    return (netipc_growth){.configured = configured, .proposal = configured, .ceiling = ceiling};
}

bool netipc_growth_response_too_small(netipc_growth *growth, uint32_t agreed)
{
    return raise_to(&growth->proposal.response, min32(netipc_doubled(agreed), growth->ceiling));
}

bool netipc_growth_request_too_small(netipc_growth *growth, uint32_t needed)
{
    return raise_to(&growth->proposal.request, min32(netipc_next_pow2(needed), growth->ceiling));
}

bool netipc_growth_can_carry(const netipc_growth *growth, uint32_t needed)
{
    return needed <= max32(growth->ceiling, growth->configured.request);
}

void netipc_growth_refused(netipc_growth *growth)
{
    growth->proposal = growth->configured;
}

netipc_rounds netipc_rounds_begin(netipc_payloads agreed)
{
    return (netipc_rounds){.left = NETIPC_MAX_ROUNDS, .agreed = agreed};
}

bool netipc_rounds_start(netipc_rounds *rounds)
{
    if (rounds->left == 0) {
        return false;
    }
    rounds->left--;
    return true;
}

bool netipc_rounds_progressed(netipc_rounds *rounds, netipc_payloads agreed)
{
    bool changed = agreed.request != rounds->agreed.request || agreed.response != rounds->agreed.response;
    rounds->agreed = agreed;
    return changed;
}

netipc_learned netipc_learned_begin(uint32_t initial, uint32_t ceiling)
{
    return (netipc_learned){.limit = initial, .ceiling = max32(ceiling, initial)};
}

netipc_learned netipc_learned_fixed(uint32_t limit)
{
    return (netipc_learned){.limit = limit, .ceiling = limit};
}

bool netipc_learned_saw(netipc_learned *learned, uint32_t len)
{
    return raise_to(&learned->limit, min32(netipc_next_pow2(len), learned->ceiling));
}

bool netipc_learned_overflowed(netipc_learned *learned, uint32_t agreed)
{
    return raise_to(&learned->limit, min32(netipc_doubled(agreed), learned->ceiling));
}
