/* Administrators of the agency, about the broker: its lines, its files, its backup. */
#include "clients/gateway/handlers.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "clients/gateway/body.h"
#include "clients/gateway/broker.h"
#include "proto/base/log.h"

#define FILE_BYTES ((size_t)1024 * 1024)

void jb_gw_get_admin_nodes(struct jb_gw_request *r)
{
    jb_gw_broker_ask(r, "nodes");
}

void jb_gw_get_admin_state(struct jb_gw_request *r)
{
    jb_gw_broker_ask(r, "state");
}

static bool kind_good(struct jb_gw_request *r, const char *kind)
{
    if (strcmp(kind, "policy") == 0 || strcmp(kind, "calendar") == 0)
        return true;
    jb_gw_refuse_field(r, "kind", "must be policy or calendar");
    return false;
}

void jb_gw_post_admin_install(struct jb_gw_request *r)
{
    struct jiaoban_install_args args = {.size = sizeof args};
    const char *text = NULL;
    json_t *body = jb_gw_body(r);
    bool good = body != NULL && jb_gw_members_known(r, body, "kind body dry_run") &&
                jb_gw_member_text(r, body, "kind", 16, true, &args.kind) &&
                jb_gw_member_text(r, body, "body", FILE_BYTES, true, &text) &&
                jb_gw_member_bool(r, body, "dry_run", &args.dry_run) && kind_good(r, args.kind);
    json_decref(body);
    if (!good)
        return;
    if (r->gw->broker != NULL && !args.dry_run && !r->gw->config->admin_installs) {
        jb_gw_refuse(
            r, JB_GW_FORBIDDEN,
            "files are installed at the broker; here dry_run = true tells what would change");
        return;
    }
    args.body = text;
    args.bytes = strlen(text);
    if (r->gw->broker != NULL && !args.dry_run)
        jb_log(JB_LOG_NOTICE, "gateway", "broker.install", "kind=%s by=\"%s\"", args.kind,
               r->caller.user);
    jb_gw_broker_install(r, &args);
}

/* ---- the backup ---- */

static bool text_set(json_t *object, const char *name, int64_t number)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    return json_object_set_new(object, name, json_string(text)) == 0;
}

/* `st` NULL: there is none. A backup that fails leaves the file as it was: it grows old. */
static json_t *backup_json(const struct jb_gw *gw, const struct stat *st)
{
    int64_t within_ms = gw->config->admin_backup_ms;
    int64_t at_ms =
        st == NULL ? 0 : (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    bool overdue = st == NULL || jb_gw_now(gw) - at_ms > within_ms;
    json_t *object = json_pack("{s:b, s:b}", "present", st != NULL, "overdue", overdue);
    bool whole = object != NULL && text_set(object, "within_ms", within_ms) &&
                 (st == NULL || (text_set(object, "written_at_ms", at_ms) &&
                                 json_object_set_new(object, "bytes",
                                                     json_integer((json_int_t)st->st_size)) == 0));
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

void jb_gw_get_admin_backup(struct jb_gw_request *r)
{
    struct stat st;
    const char *path = r->gw->config->admin_backup;
    if (path[0] == '\0') {
        jb_gw_refuse(r, JB_GW_NOT_FOUND, "this gateway knows of no backup: see [admin]");
        return;
    }
    bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT) {
        jb_gw_refuse(r, JB_GW_INTERNAL, "the backup's folder cannot be looked at");
        return;
    }
    json_t *object = backup_json(r->gw, there ? &st : NULL);
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    jb_gw_reply_json(r, 200, text);
    free(text);
    json_decref(object);
}
