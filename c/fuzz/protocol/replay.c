/*
 * Runs a fuzz target without libFuzzer.
 *
 *     replay FILE...          over the contents of files, such as those of a crash
 *     replay --random N       over the seeds, N changed seeds and N random inputs, the same ones in every run
 *     replay --seeds DIR      writes the seeds into a folder, to start libFuzzer from
 */
#include "input.h"

static uint64_t state = 1;

static uint32_t below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d) >> 32) % n);
}

static void run(const uint8_t *data, size_t len)
{
    uint8_t *exact = fuzz_copy(data, len);
    LLVMFuzzerTestOneInput(exact, len);
    free(exact);
}

static void run_file(const char *path)
{
    static uint8_t bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run(bytes, len);
}

/* Overwrites some bytes, often with values that lie at a border, and sometimes cuts the end. */
static size_t change(uint8_t *bytes, size_t len)
{
    static const uint8_t borders[] = {0, 1, 2, 7, 8, 31, 32, 33, 127, 128, 254, 255};
    for (uint32_t changes = 1 + below(4); changes > 0; changes--) {
        uint32_t at = below((uint32_t)len);
        bytes[at] = below(2) == 0 ? borders[below(sizeof borders)] : (uint8_t)below(256);
    }
    return below(8) == 0 ? below((uint32_t)len + 1) : len;
}

static void run_random(unsigned long count)
{
    uint8_t bytes[FUZZ_MAX_INPUT];
    unsigned seeds = 0;
    for (size_t len; (len = fuzz_seed(seeds, bytes)) > 0; seeds++) {
        run(bytes, len);
    }
    CHECK(seeds > 0);
    for (unsigned long i = 0; i < count; i++) {
        size_t len = fuzz_seed(below(seeds), bytes);
        run(bytes, change(bytes, len));
        len = below(i % 16 == 0 ? 1500 : 160);
        for (size_t at = 0; at < len; at++) {
            bytes[at] = (uint8_t)below(256);
        }
        run(bytes, len);
    }
    printf("%u seeds, %lu changed and %lu random inputs\n", seeds, count, count);
}

static void write_seeds(const char *dir)
{
    uint8_t bytes[FUZZ_MAX_INPUT];
    unsigned index = 0;
    for (size_t len; (len = fuzz_seed(index, bytes)) > 0; index++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%u", dir, index);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
            perror(path);
            exit(EXIT_FAILURE);
        }
    }
}

int main(int count, char **arguments)
{
    if (count == 3 && strcmp(arguments[1], "--random") == 0) {
        run_random(strtoul(arguments[2], NULL, 10));
    } else if (count == 3 && strcmp(arguments[1], "--seeds") == 0) {
        write_seeds(arguments[2]);
    } else if (count > 1) {
        for (int i = 1; i < count; i++) {
            run_file(arguments[i]);
        }
    } else {
        fprintf(stderr, "usage: %s FILE... | --random N | --seeds DIR\n", arguments[0]);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
