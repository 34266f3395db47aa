#include "netipc/bytes.h"

#include <string.h>

netipc_bytes netipc_bytes_of(const char *text)
{
    return (netipc_bytes){.data = (const uint8_t *)text, .len = strlen(text)};
}

bool netipc_bytes_equal(netipc_bytes left, netipc_bytes right)
{
    return left.len == right.len && (left.len == 0 || memcmp(left.data, right.data, left.len) == 0);
}
