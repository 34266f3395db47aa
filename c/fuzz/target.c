/*
 * The entry point of libFuzzer; the build says which function it calls.
 */
#include "fuzz.h"

fuzz_entry NETIPC_FUZZ_TARGET;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    NETIPC_FUZZ_TARGET(data, len);
    return 0;
}
