/* Gives a target every file of folders, in the order of their names: the corpus as a test. Prints
 * TAP, one line for each folder. An empty folder fails, so that a lost corpus is noticed. */
#include <dirent.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)2 * 1024 * 1024)

static int no_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_file(const char *path)
{
    FILE *in = fopen(path, "rbe");
    uint8_t *data = malloc(INPUT_MAX);

    FUZZ_MUST(in != NULL);
    FUZZ_MUST(data != NULL);
    size_t size = fread(data, 1, INPUT_MAX, in);
    FUZZ_MUST(ferror(in) == 0 && fclose(in) == 0);
    struct jb_bytes input = {data, size};
    uint8_t *exact = fuzz_exact(input);
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

/* How many files there were. Each is named before its turn, for the reader of a crash. */
static size_t replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    size_t done = 0;
    int count = scandir(folder, &entries, no_hidden, alphasort);

    for (int i = 0; i < count; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        fprintf(stderr, "# %s\n", path);
        replay_file(path);
        done++;
        free(entries[i]);
    }
    free(entries);
    return done;
}

int main(int argc, char **argv)
{
    int failed = 0;

    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        size_t count = replay_folder(argv[i]);
        failed += count == 0;
        printf("%sok %d - %zu inputs of %s\n", count == 0 ? "not " : "", i, count, argv[i]);
    }
    return argc > 1 && failed == 0 ? 0 : 1;
}
