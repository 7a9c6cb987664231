/* The web console's pages: the console on the inside, the public page at the window. */
#include "clients/gateway/handlers.h"

#include <string.h>

#include "clients/gateway/site.h"

#define HASHED "public, max-age=31536000, immutable" /* their names change with their contents */
#define CHECKED "no-cache"                           /* asked for again each time, by its tag */

/* No script or style but this site's own files, nothing inline, nothing from elsewhere. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

static bool has_tag(const struct jb_gw_request *r, const char *tag)
{
    const char *known = jb_gw_request_header(r, "If-None-Match");
    return known != NULL && strstr(known, tag) != NULL;
}

static void show(struct jb_gw_request *r, const char *folder, const char *name, const char *cache)
{
    const struct jb_gw_site *site = r->gw->site;
    const struct jb_gw_file *plain = jb_gw_site_find(site, folder, name, false);
    const struct jb_gw_file *small = jb_gw_site_find(site, folder, name, true);
    bool gzip = small != NULL && jb_gw_takes_gzip(jb_gw_request_header(r, "Accept-Encoding"));
    const struct jb_gw_file *f = gzip ? small : plain;
    if (plain == NULL) {
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "there is no such file of the console");
        return;
    }
    jb_gw_header(r, "Content-Security-Policy", policy);
    jb_gw_header(r, "Cache-Control", cache);
    jb_gw_header(r, "ETag", f->tag);
    if (small != NULL)
        jb_gw_header(r, "Vary", "Accept-Encoding");
    if (has_tag(r, f->tag)) {
        jb_gw_reply_empty(r, 304);
        return;
    }
    if (gzip)
        jb_gw_header(r, "Content-Encoding", "gzip");
    jb_gw_header(r, "Content-Type", f->type);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(f->bytes, f->data, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        jb_gw_refuse_error(r, JB_NOMEM, "the file");
    else
        jb_gw_reply_response(r, 200, response);
}

void jb_gw_get_front(struct jb_gw_request *r)
{
    show(r, "", r->window ? "public.html" : "index.html", CHECKED);
}

void jb_gw_get_icon(struct jb_gw_request *r)
{
    show(r, "", "favicon.svg", CHECKED);
}

void jb_gw_get_asset(struct jb_gw_request *r)
{
    show(r, "assets", r->numbers[0], HASHED);
}
