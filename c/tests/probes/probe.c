#include "probe.h"

uint8_t probe_memory[1024];
netipc_writer out;
netipc_build_error build_error;
netipc_decode_error decode_error;

void start_writing(size_t budget)
{
    memset(probe_memory, 0xee, sizeof probe_memory);
    netipc_writer_start(&out, probe_memory, budget);
}
