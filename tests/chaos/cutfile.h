/* One file as its process sees it: what is on the disk, with what was written since the last sync
 * laid over it in memory. All connections of the process share it. Not locked: the caller is. */
#ifndef JB_CHAOS_CUTFILE_H
#define JB_CHAOS_CUTFILE_H

#include <sqlite3.h>
#include <stdbool.h>

#define JB_CUT_BLOCK 4096
#define JB_CUT_BUCKETS 1024

struct jb_cut_block {
    struct jb_cut_block *next;
    sqlite3_int64 number;
    bool lost; /* a sync of it failed: seen, but never written unless it is written again */
    unsigned char data[JB_CUT_BLOCK];
};

struct jb_cut_file {
    struct jb_cut_file *next;
    char *path; /* owned */
    int users;
    sqlite3_int64 size;  /* as the process sees it */
    sqlite3_int64 valid; /* from here on the disk holds what was cut off, to be seen as zeros */
    struct jb_cut_block *buckets[JB_CUT_BUCKETS];
};

/* The file of this name, one more user; `real` is open. NULL: out of memory or unreadable. */
struct jb_cut_file *jb_cut_open(const char *path, sqlite3_file *real);
/* One user less; the last one drops it with what is not on the disk. */
void jb_cut_close(struct jb_cut_file *f);

/* SQLite's codes. */
int jb_cut_read(struct jb_cut_file *f, sqlite3_file *real, void *out, int len, sqlite3_int64 at);
int jb_cut_write(struct jb_cut_file *f, sqlite3_file *real, const void *data, int len,
                 sqlite3_int64 at);
void jb_cut_truncate(struct jb_cut_file *f, sqlite3_int64 size);
/* Write what is in memory to the real file, at most `most` blocks (-1: all, then it is forgotten
 * here). Does not sync. */
int jb_cut_flush(struct jb_cut_file *f, sqlite3_file *real, int most);
/* What a failed sync leaves behind: nothing of it will be tried again. */
void jb_cut_give_up(struct jb_cut_file *f);

#endif
