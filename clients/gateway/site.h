/* The web console's files: read once, at the start, into memory; looked up by name. What was not
 * there at the start does not exist, so no path of a request ever reaches the file system.
 *
 * A file called NAME.gz beside NAME is its compressed form. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_SITE_H
#define JB_CLIENTS_GATEWAY_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/err.h"

#define JB_GW_SITE_NAME 128       /* bytes of a file's name, with NUL */
#define JB_GW_SITE_FILES 1024     /* read at most */
#define JB_GW_SITE_BYTES 33554432 /* of all together, at most */
#define JB_GW_SITE_TAG 24         /* of an entity tag, with NUL */

struct jb_gw_file {
    char name[JB_GW_SITE_NAME]; /* "index.html", "assets/index-Dk3.js" */
    const char *type;           /* static */
    unsigned char *data;
    size_t bytes;
    char tag[JB_GW_SITE_TAG]; /* with its quotes; follows from the contents */
};

struct jb_gw_site;

/* Read `folder` and its subfolder `assets`: regular files of known types, no links. A folder that
 * is not there makes a site without files. JB_TOO_LARGE, JB_DENIED, JB_IO, JB_NOMEM. */
JB_MUST enum jb_err jb_gw_site_open(const char *folder, struct jb_gw_site **out,
                                    struct jb_fault *fault);
/* After all answers that hold its data. */
void jb_gw_site_close(struct jb_gw_site **site);

size_t jb_gw_site_count(const struct jb_gw_site *site);
/* NULL: there is none. `folder`: "" or "assets". `gzip`: its compressed form. */
const struct jb_gw_file *jb_gw_site_find(const struct jb_gw_site *site, const char *folder,
                                         const char *name, bool gzip);

/* Does this Accept-Encoding (NULL: not sent) take gzip? Pure. */
bool jb_gw_takes_gzip(const char *accept);

#endif
