/* What a user's first program does: it prints the version of the library. */
#include <stdio.h>

#include <netipc/version.h>

int main(void)
{
    printf("%s\n", netipc_version());
    return 0;
}
