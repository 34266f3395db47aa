/* The version of the library. */
#include "netipc/version.h"

#include "test.h"

static void library_and_header_agree(void)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", NETIPC_VERSION_MAJOR, NETIPC_VERSION_MINOR, NETIPC_VERSION_PATCH);
    CHECK_STR(netipc_version(), text);
}

int main(void)
{
    RUN(library_and_header_agree);
    return test_result();
}
