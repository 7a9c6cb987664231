/* See owner.h. Reads with SQL of its own: a file is looked at before it is migrated. */
#include "proto/ledger/owner.h"

#include "proto/ledger/auditend.h"
#include "proto/ledger/db.h"

#define FACT ".owner"
#define KEYS_MAX 64 /* those in force and the last former ones */
#define KEYS_BYTES (1 + 2 * JB_KEY_BYTES)

/* ---- the fact ---- */

static void put(const struct jb_public_keys *keys, uint8_t out[KEYS_BYTES])
{
    out[0] = keys->suite;
    memcpy(out + 1, keys->line, JB_KEY_BYTES);
    memcpy(out + 1 + JB_KEY_BYTES, keys->sign, JB_KEY_BYTES);
}

static void get(const uint8_t in[KEYS_BYTES], struct jb_public_keys *out)
{
    out->suite = in[0];
    memcpy(out->line, in + 1, JB_KEY_BYTES);
    memcpy(out->sign, in + 1 + JB_KEY_BYTES, JB_KEY_BYTES);
}

static bool same(const struct jb_public_keys *a, const struct jb_public_keys *b)
{
    return a->suite == b->suite && memcmp(a->line, b->line, JB_KEY_BYTES) == 0 &&
           memcmp(a->sign, b->sign, JB_KEY_BYTES) == 0;
}

struct names { /* what the record says */
    size_t count;
    struct jb_public_keys at[KEYS_MAX];
    bool ended; /* the access log has an end: */
    struct jb_audit_end end;
};

static void names_read(sqlite3 *db, struct names *out)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = '" FACT "'", -1, &s, NULL);

    if (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        const uint8_t *bytes = sqlite3_column_blob(s, 0);
        size_t len = (size_t)sqlite3_column_bytes(s, 0);
        for (size_t at = 0; bytes != NULL && at + KEYS_BYTES <= len && out->count < KEYS_MAX;
             at += KEYS_BYTES)
            get(bytes + at, &out->at[out->count++]);
    }
    sqlite3_finalize(s);
}

/* A file of the first version has no access log. */
static void end_read(sqlite3 *db, struct names *out)
{
    struct jb_audit_end *e = &out->end;
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(
        db, "SELECT number, head, floor, floor_head, suite, signature FROM audit_end", -1, &s,
        NULL);

    if (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        struct jb_reader r = jb_reader_of(s, NULL);
        e->number = jb_get_u64(&r);
        jb_get_fixed(&r, e->head, JB_HASH_BYTES);
        e->floor = jb_get_u64(&r);
        jb_get_fixed(&r, e->floor_head, JB_HASH_BYTES);
        e->suite = (uint8_t)jb_get_u32(&r);
        jb_get_fixed(&r, e->signature, JB_SIGN_BYTES);
        out->ended = r.err == JB_OK;
    }
    sqlite3_finalize(s);
}

/* ---- judging ---- */

/* 0: in force; NULL: none of them. */
static const struct jb_public_keys *find(const struct names *n, const struct jb_public_keys *keys)
{
    for (size_t i = 0; i < n->count; i++)
        if (same(&n->at[i], keys))
            return &n->at[i];
    return NULL;
}

/* A record that does not name its keys: who signed under its access log? */
static enum jb_owner judge_by_log(const struct names *n, const struct jb_owner_claim *claim)
{
    if (!n->ended || n->end.suite != claim->own.suite || /* the ledger's own check says so */
        jb_audit_end_signed(&n->end, claim->own.sign))
        return JB_OWNER_UNKNOWN;
    if (claim->has_former && jb_audit_end_signed(&n->end, claim->former.sign))
        return JB_OWNER_SUCCESSOR;
    return JB_OWNER_FOREIGN;
}

static void judge(const struct names *n, const struct jb_owner_claim *claim,
                  struct jb_owner_found *out)
{
    *out = (struct jb_owner_found){.named = n->count > 0};
    if (!out->named) {
        out->owner = judge_by_log(n, claim);
        return;
    }
    out->record = n->at[0];
    const struct jb_public_keys *own = find(n, &claim->own);
    const struct jb_public_keys *former = claim->has_former ? find(n, &claim->former) : NULL;
    out->former_foreign = claim->has_former && former == NULL;
    if (own == &n->at[0])
        out->owner = JB_OWNER_SAME;
    else if (former == &n->at[0])
        out->owner = JB_OWNER_SUCCESSOR;
    else
        out->owner = own != NULL ? JB_OWNER_FORMER : JB_OWNER_FOREIGN;
}

void jb_owner_look(const char *path, const struct jb_owner_claim *claim, struct jb_owner_found *out)
{
    struct names n = {.count = 0};
    struct jb_fault why; /* is for whoever opens it; an empty file must not be touched */
    sqlite3 *db = NULL;

    jb_ledger_library();
    if (jb_ledger_look(path, &why) == JB_OK &&
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
        names_read(db, &n);
        end_read(db, &n);
    }
    (void)sqlite3_close(db);
    judge(&n, claim, out);
}

/* ---- putting on record ---- */

/* Those of the claim first, then what was there, without doubles. */
static enum jb_err names_write(struct jb_ledger *l, const struct names *n,
                               const struct jb_owner_claim *claim)
{
    uint8_t bytes[KEYS_MAX * KEYS_BYTES];
    size_t len = KEYS_BYTES;

    put(&claim->own, bytes);
    if (n->count == 0 && claim->has_former && !same(&claim->own, &claim->former)) {
        put(&claim->former, bytes + len);
        len += KEYS_BYTES;
    }
    for (size_t i = 0; i < n->count && len < sizeof bytes; i++)
        if (!same(&n->at[i], &claim->own)) {
            put(&n->at[i], bytes + len);
            len += KEYS_BYTES;
        }
    return jb_ledger_meta_set(l, FACT, (struct jb_bytes){bytes, len});
}

enum jb_err jb_owner_take(struct jb_ledger *l, const struct jb_owner_claim *claim,
                          const struct jb_node_keys *keys, bool lost, int64_t now_ms,
                          struct jb_owner_found *out)
{
    struct names n = {.count = 0};
    struct jb_audit_row row = {.at_ms = now_ms, .user = jb_text_of("jiaoband")};

    names_read(l->db, &n);
    end_read(l->db, &n);
    judge(&n, claim, out);
    if (out->owner == JB_OWNER_SAME)
        return JB_OK;
    if (out->owner >= JB_OWNER_FORMER && !lost)
        return JB_WRONG_NODE;
    row.field = out->owner == JB_OWNER_SUCCESSOR ? JB_AUDIT_KEYS_CHANGED : JB_AUDIT_KEYS_LOST;
    enum jb_err err = jb_ledger_begin(l);
    if (err != JB_OK)
        return err;
    err = names_write(l, &n, claim);
    if (err == JB_OK && out->owner != JB_OWNER_UNKNOWN)
        err = jb_audit_append(l, &row, 1, 0, keys->sign_secret);
    if (err == JB_OK)
        return jb_ledger_commit(l);
    jb_ledger_rollback(l);
    return err;
}
