/* What a process can say about itself on its status page, and what it keeps to itself. */
#ifndef JB_BASE_SELF_H
#define JB_BASE_SELF_H

#include <stddef.h>
#include <stdint.h>

/* Resident memory of this process in bytes; 0: not known. Any thread. */
uint64_t jb_self_rss_bytes(void);
/* Descriptors that this process has open (0: not known, or none is left to look), and how many it
 * may have. Any thread. */
void jb_self_files(uint64_t *open, uint64_t *max);

/* No dumps of this process's memory, which holds keys and, while it seals or opens them, names of
 * people: no core file, also not through a handler, and nobody but root may look into it (ptrace,
 * /proc/PID/mem). At the start, before keys are read. */
void jb_self_hide(void);

/* Keep this memory out of the swap as far as the system's limits allow; for keys. Until the process
 * ends. */
void jb_self_pin(const void *at, size_t len);

#endif
