#include "netipc/version.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *netipc_version(void)
{
    return TEXT(NETIPC_VERSION_MAJOR) "." TEXT(NETIPC_VERSION_MINOR) "." TEXT(NETIPC_VERSION_PATCH);
}
