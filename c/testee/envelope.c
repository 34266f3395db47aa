/*
 * Questions about what is around payloads.
 */
#include "testee.h"

testee_result testee_ask_envelope(testee_op op, const char *target, netipc_bytes body, testee_text *out)
{
    (void)op;
    (void)target;
    (void)body;
    (void)out;
    return TESTEE_NOT_KNOWN;
}
