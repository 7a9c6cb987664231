/* An agency's own templates of documents, in the gateway's file: what differs from what the console
 * brings. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_TEMPLATE_H
#define JB_CLIENTS_GATEWAY_TEMPLATE_H

#include "clients/gateway/store.h"

#define JB_GW_TEMPLATE_KIND 40
#define JB_GW_TEMPLATE_TITLE 1024
#define JB_GW_TEMPLATE_BODY 65536
#define JB_GW_TEMPLATES 200 /* at most */

struct jb_gw_template { /* texts in an arena */
    const char *kind, *title, *body, *changed_by;
    int64_t changed_ms;
    int64_t version; /* never given twice for one kind */
};

/* Lower-case letters and dashes, beginning with a letter. */
bool jb_gw_template_kind_good(const char *kind);
/* JB_NOT_FOUND. */
JB_MUST enum jb_err jb_gw_template_get(struct jb_gw_store *store, const char *kind,
                                       struct jb_arena *arena, struct jb_gw_template *out);
/* All, by kind; *count: room, then how many. */
JB_MUST enum jb_err jb_gw_template_list(struct jb_gw_store *store, struct jb_arena *arena,
                                        struct jb_gw_template *out, size_t *count);
/* JB_EXISTS: there is one. */
JB_MUST enum jb_err jb_gw_template_add(struct jb_gw_store *store, const struct jb_gw_template *t);
/* JB_OLD: it is not `seen` any more. */
JB_MUST enum jb_err jb_gw_template_set(struct jb_gw_store *store, const struct jb_gw_template *t,
                                       int64_t seen);
JB_MUST enum jb_err jb_gw_template_drop(struct jb_gw_store *store, const char *kind, int64_t seen);

#endif
