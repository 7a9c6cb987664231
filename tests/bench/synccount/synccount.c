/* Preloaded into a server: counts its syncs of regular files where JB_BENCH_SYNCS says (see
 * load/syncs.h). Changes nothing else. A statically linked program is not seen. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/bench/load/syncs.h"

static struct syncs *page;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(SYNCS_ENV);
    page = path != NULL ? syncs_map(path) : NULL;
}

static int counted(const char *name, int fd)
{
    /* ISO C has no cast from an object's to a function's address. */
    union {
        void *object;
        int (*function)(int);
    } real = {.object = dlsym(RTLD_NEXT, name)};
    struct stat st;
    bool counts = page != NULL && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    uint64_t own = counts ? atomic_fetch_add(&page->started, 1) + 1 : 0;
    int result = real.function(fd);
    if (counts && result == 0) {
        atomic_fetch_add(&page->completed, 1);
        uint64_t last = atomic_load(&page->latest);
        while (last < own && !atomic_compare_exchange_weak(&page->latest, &last, own))
            ;
    }
    return result;
}

int fsync(int fd)
{
    return counted("fsync", fd);
}

int fdatasync(int fildes) /* the names of unistd.h */
{
    return counted("fdatasync", fildes);
}
