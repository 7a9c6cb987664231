/* What a process can say about itself on its status page. */
#ifndef JB_BASE_SELF_H
#define JB_BASE_SELF_H

#include <stdint.h>

/* Resident memory of this process in bytes; 0: not known. Any thread. */
uint64_t jb_self_rss_bytes(void);

#endif
