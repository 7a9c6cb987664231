/* Putting back what was collected after a restore: see jb_recovery_complete.
 *
 * First the log, number by number, with the tables that follow from it; then every stream as its
 * node holds it; then, on top, what the log holds for a node that had not reached it. Whom an entry
 * goes to is the same question as when it was decided (daemon/audience.c): those who are in the
 * case after it, and those who have just left it. */
#include <assert.h>
#include <stdio.h>

#include "proto/base/utf8.h"
#include "proto/ledger/merge.h"
#include "proto/rules/decide.h"
#include "proto/wire/codec.h"

#define MERGE_USER "restore"
#define LEFT_OUT_BYTES ((size_t)2048)

/* ---- the log ---- */

/* Two nodes hold different bytes, each under the broker's signature: both are kept, and told. */
static enum jb_err differs(struct jb_merge *m, sqlite3_stmt *s, struct jb_bytes body)
{
    m->out->differ++;
    return jb_sql_run(m->l, JB_SQL_QUARANTINE_ADD,
                      JB_ROW(jb_int(m->now_ms), jb_int(sqlite3_column_int64(s, 0)),
                             jb_int(sqlite3_column_int64(s, 1)),
                             jb_text(jb_text_of("another node holds a different entry here")),
                             jb_blob(body)));
}

/* The entry's bytes; empty: no node holds it. */
static enum jb_err entry_find(struct jb_merge *m, uint64_t seq, struct jb_bytes *bytes)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(m->l, JB_SQL_COPY_OF_ENTRY, JB_ROW(jb_u64(seq)));

    *bytes = (struct jb_bytes){NULL, 0};
    while (jb_sql_next(m->l, s, &err)) {
        struct jb_reader r = jb_reader_of(s, &m->arena);
        struct jb_item item;
        r.column = 2;
        struct jb_bytes body = jb_get_blob(&r);
        err = r.err;
        if (err == JB_OK)
            err = jb_item_decode(body, &m->arena, &item, m->fault);
        if (err != JB_OK)
            break;
        if (bytes->len == 0)
            *bytes = item.entry;
        else if (bytes->len != item.entry.len ||
                 memcmp(bytes->data, item.entry.data, bytes->len) != 0)
            err = differs(m, s, body);
        if (err != JB_OK)
            break;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err own_entry(struct jb_merge *m, const struct jb_act *act, int64_t at_ms)
{
    struct jb_bytes bytes;
    struct jb_entry entry = {.seq = m->l->heads.log_seq + 1,
                             .at_ms = at_ms,
                             .node = JB_NODE_BROKER_NUMBER,
                             .user = jb_text_of(MERGE_USER),
                             .made_at_ms = at_ms,
                             .act = *act};
    enum jb_err err = jb_entry_encode(&entry, &m->arena, &bytes);

    return err == JB_OK ? jb_log_append(m->l, &entry, bytes) : err;
}

/* ---- whom an entry goes to ---- */

static bool takes_part(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++)
        if (c->participants[i].node == node && c->participants[i].role != JB_ROLE_LEFT)
            return true;
    return false;
}

/* The same roles as in the statement STREAM_KEY. */
static bool reads(const struct jb_case *c, uint32_t node)
{
    for (size_t i = 0; i < c->participant_count; i++) {
        enum jb_role role = c->participants[i].role;
        if (c->participants[i].node == node &&
            (role == JB_ROLE_REGISTRAR || role == JB_ROLE_HOST || role == JB_ROLE_CO_HANDLER ||
             role == JB_ROLE_REVIEWER))
            return true;
    }
    return c->host == node;
}

static enum jb_err holds(struct jb_merge *m, enum jb_sql id, struct jb_row row, bool *yes)
{
    int64_t found = 0;
    enum jb_err err = jb_sql_number(m->l, id, row, &found);

    *yes = err == JB_OK;
    return err == JB_NOT_FOUND ? JB_OK : err;
}

static enum jb_err want(struct jb_merge *m, const struct jb_missing *what)
{
    bool yes = false;
    enum jb_err err =
        what->leaves
            ? holds(m, JB_SQL_COPY_LEFT,
                    JB_ROW(jb_int(what->node), jb_int(what->case_no), jb_int(what->at_ms)), &yes)
            : holds(m, JB_SQL_COPY_HOLDS, JB_ROW(jb_u64(what->seq), jb_int(what->node)), &yes);

    for (const struct jb_missing *k = m->first; k != NULL && !yes; k = k->next)
        yes = k->node == what->node && k->seq == what->seq;
    if (err != JB_OK || yes)
        return err;
    struct jb_missing *kept = jb_arena_memdup(&m->lasting, what, sizeof *what);
    if (kept == NULL)
        return JB_NOMEM;
    kept->next = NULL;
    *m->last = kept;
    m->last = &kept->next;
    return JB_OK;
}

static enum jb_err case_audience(struct jb_merge *m, const struct jb_entry *e,
                                 const struct jb_case *before, const struct jb_case *after)
{
    bool existed = before->participant_count > 0;
    struct jb_missing one = {.seq = e->seq, .case_no = e->act.case_no, .at_ms = e->at_ms};
    enum jb_err err = JB_OK;

    for (size_t i = 0; i < after->participant_count && err == JB_OK; i++) {
        one.node = after->participants[i].node;
        if (after->participants[i].role == JB_ROLE_LEFT)
            continue;
        one.joins = existed && !takes_part(before, one.node);
        one.reads = existed && !one.joins && !reads(before, one.node) && reads(after, one.node);
        one.duty = jb_entry_is_duty(e, one.node);
        one.own = one.node == e->node && e->up_number != 0;
        err = want(m, &one);
    }
    one = (struct jb_missing){.seq = e->seq, .case_no = e->act.case_no, .at_ms = e->at_ms};
    for (size_t i = 0; i < before->participant_count && err == JB_OK; i++) {
        one.node = before->participants[i].node;
        one.own = one.node == e->node && e->up_number != 0;
        one.leaves = before->participants[i].role != JB_ROLE_LEFT && !takes_part(after, one.node);
        if (one.leaves)
            err = want(m, &one);
    }
    /* the submitter's verdict travels in its own stream, whatever its part in the case is */
    one.leaves = false;
    one.node = e->node;
    one.own = true;
    if (err == JB_OK && e->up_number != 0 && !takes_part(before, e->node) &&
        !takes_part(after, e->node))
        err = want(m, &one);
    return err;
}

static enum jb_err common_audience(struct jb_merge *m, const struct jb_entry *e)
{
    struct jb_directory d;
    enum jb_err err;

    jb_directory_init(&d);
    err = jb_ledger_directory_load(m->l, &d);
    for (size_t i = 0; i < d.count && err == JB_OK; i++) {
        struct jb_missing one = {.node = d.nodes[i].node, .seq = e->seq, .at_ms = e->at_ms};
        if (one.node == JB_NODE_BROKER_NUMBER)
            continue;
        one.enrolled = e->act.kind == JB_ACT_ENROL_NODE && e->act.node == one.node;
        one.own = one.node == e->node && e->up_number != 0;
        err = want(m, &one);
    }
    jb_directory_fini(&d);
    return err;
}

/* The tables as after the entry, and who has not heard of it. */
static enum jb_err entry_apply(struct jb_merge *m, const struct jb_entry *e)
{
    struct jb_case before = {0};
    struct jb_case after = {0};
    enum jb_err err = JB_OK;

    if (e->act.case_no != 0)
        err = jb_ledger_case_load(m->l, e->act.case_no, &m->arena, &before);
    if (err == JB_OK)
        err = jb_ledger_apply(m->l, e, &m->arena);
    if (err != JB_OK)
        return jb_fault_set(m->fault, err, "entry %llu (%s of case %lld) does not fit: %s",
                            (unsigned long long)e->seq, jb_act_kind_name(e->act.kind),
                            (long long)e->act.case_no, jb_err_text(err));
    if (jb_act_is_common(e->act.kind))
        return common_audience(m, e);
    if (e->act.case_no == 0)
        return JB_OK; /* for one node that brought it, or for the log alone */
    err = jb_ledger_case_load(m->l, e->act.case_no, &m->arena, &after);
    return err == JB_OK ? case_audience(m, e, &before, &after) : err;
}

static enum jb_err entry_restore(struct jb_merge *m, uint64_t seq)
{
    struct jb_bytes bytes;
    struct jb_entry entry;

    jb_arena_reset(&m->arena);
    enum jb_err err = entry_find(m, seq, &bytes);
    if (err != JB_OK)
        return err;
    if (bytes.len == 0) { /* the gap is visible, and nothing is numbered anew */
        const struct jb_act lost = {.kind = JB_ACT_LOST, .log_seq = seq};
        m->out->lost++;
        return own_entry(m, &lost, m->at_ms);
    }
    err = jb_entry_decode(bytes, &m->arena, &entry, m->fault);
    if (err == JB_OK)
        err = jb_log_append(m->l, &entry, bytes);
    if (err == JB_OK)
        err = entry_apply(m, &entry);
    m->at_ms = entry.at_ms;
    m->out->entries++;
    return err;
}

static enum jb_err log_restore(struct jb_merge *m)
{
    int64_t last = 0;
    enum jb_err err = jb_sql_number(m->l, JB_SQL_COPY_LAST, JB_NO_ROW, &last);

    if (err == JB_OK)
        err = jb_log_last_at(m->l, &m->at_ms);
    m->out->last = m->l->heads.log_seq;
    for (uint64_t seq = m->l->heads.log_seq + 1; err == JB_OK && seq <= (uint64_t)last; seq++) {
        err = entry_restore(m, seq);
        m->out->last = seq;
        if (m->l->on_progress != NULL && seq % 1024 == 0)
            m->l->on_progress(seq);
    }
    return err;
}

/* ---- what had not arrived ---- */

/* The submission as it was made: its chain goes on over exactly these bytes. */
static enum jb_err up_advance(struct jb_merge *m, struct jb_line_state *line,
                              const struct jb_entry *e)
{
    struct jb_bytes bytes;
    uint8_t hash[JB_HASH_BYTES];
    struct jb_submission s = {
        .user = e->user, .made_at_ms = e->made_at_ms, .act_bytes = e->act_bytes};
    enum jb_err err = jb_submission_encode(&s, &m->arena, &bytes);

    if (err != JB_OK)
        return err;
    jb_hash(m->l->suite, bytes.data, bytes.len, hash);
    jb_chain_next(m->l->suite, line->up.head, hash, line->up.head);
    line->up.number = e->up_number;
    return JB_OK;
}

/* Its own verdict can be sent only in the order of its submissions; else when it sends it again.
 * Who was left out may send it again as a new file's: so it is remembered either way. */
static enum jb_err settle(struct jb_merge *m, const struct jb_missing *k, const struct jb_entry *e,
                          uint64_t *settles)
{
    struct jb_line_state *line = jb_line_touch(m->l, k->node);
    bool next = line != NULL && e->up_number == line->up.number + 1;
    enum jb_err err = line != NULL ? JB_OK : JB_NOMEM;

    *settles = next ? e->up_number : 0;
    if (err == JB_OK && (!next || k->left_out))
        err = jb_sql_run(m->l, JB_SQL_REDO_ADD,
                         JB_ROW(jb_int(k->node), jb_u64(e->up_number), jb_u64(k->seq)));
    return err == JB_OK && next ? up_advance(m, line, e) : err;
}

/* In its stream, an entry of its own that nobody waits for any more stands where it stands in the
 * log: it may never be sent again. */
static enum jb_err find_left_out(struct jb_merge *m)
{
    enum jb_err err;
    sqlite3_stmt *s = jb_sql_bind(m->l, JB_SQL_COPY_REASONS, JB_NO_ROW);

    while (jb_sql_next(m->l, s, &err)) {
        uint32_t node = (uint32_t)sqlite3_column_int64(s, 0);
        for (struct jb_missing *k = m->first; k != NULL; k = k->next)
            k->left_out = k->left_out || k->node == node;
    }
    jb_sql_done(s);
    return err;
}

static enum jb_err missing_write(struct jb_merge *m, const struct jb_missing *k)
{
    struct jb_bytes bytes;
    struct jb_entry entry;
    uint64_t settles = 0;
    enum jb_err err = jb_log_read(m->l, k->seq, &m->arena, &bytes);

    if (err == JB_OK)
        err = jb_entry_decode(bytes, &m->arena, &entry, m->fault);
    if (err == JB_OK && k->own)
        err = settle(m, k, &entry, &settles);
    if (err != JB_OK || (k->own && settles == 0 && !k->left_out))
        return err;
    struct jb_item left = {
        .at_ms = m->now_ms, .settles = settles, .kind = JB_ITEM_LEFT, .left_case_no = k->case_no};
    struct jb_stream_add add = {.node = k->node,
                                .at_ms = m->now_ms,
                                .settles = settles,
                                .duty = k->duty,
                                .case_no = k->case_no,
                                .entry_seq = k->leaves ? 0 : k->seq,
                                .entry = bytes,
                                .other = &left};
    if (k->joins)
        err = jb_stream_backfill(m->l, k->node, k->case_no, k->seq, m->now_ms);
    else if (k->enrolled)
        err = jb_stream_backfill_common(m->l, k->node, k->seq, m->now_ms);
    else if (k->reads)
        err = jb_stream_backfill_register(m->l, k->node, k->case_no, m->now_ms);
    m->out->appended++;
    return err == JB_OK ? jb_stream_append(m->l, &add, NULL) : err;
}

static enum jb_err missing_append(struct jb_merge *m)
{
    enum jb_err err = find_left_out(m);

    for (const struct jb_missing *k = m->first; k != NULL && err == JB_OK; k = k->next) {
        jb_arena_reset(&m->arena);
        err = missing_write(m, k);
    }
    return err;
}

/* ---- all of it ---- */

/* Without whom, and why: "; without CODE: REASON" of each, cut between characters when there are
 * too many. */
static enum jb_err left_out_text(struct jb_merge *m, char text[LEFT_OUT_BYTES])
{
    struct jb_directory d;
    size_t len = 0;

    text[0] = '\0';
    jb_directory_init(&d);
    enum jb_err err = jb_ledger_directory_load(m->l, &d);
    sqlite3_stmt *s = err == JB_OK ? jb_sql_bind(m->l, JB_SQL_COPY_REASONS, JB_NO_ROW) : NULL;
    while (s != NULL && jb_sql_next(m->l, s, &err)) {
        char one[LEFT_OUT_BYTES];
        const struct jb_node *n = jb_directory_find(&d, (uint32_t)sqlite3_column_int64(s, 0));
        snprintf(one, sizeof one, "; without %s: %s", n != NULL ? n->code : "?",
                 (const char *)sqlite3_column_text(s, 1));
        size_t part = jb_text_cut(one, strlen(one), LEFT_OUT_BYTES - 1 - len);
        memcpy(text + len, one, part);
        len += part;
        text[len] = '\0';
    }
    if (s != NULL)
        jb_sql_done(s);
    jb_directory_fini(&d);
    return err;
}

/* The restore is a fact of the record: the new incarnation, where it branched off, what is missing.
 */
static enum jb_err tell(struct jb_merge *m)
{
    char text[1024 + LEFT_OUT_BYTES];
    char left_out[LEFT_OUT_BYTES];
    const struct jb_recovery_report *r = m->out;

    jb_arena_reset(&m->arena);
    enum jb_err err = left_out_text(m, left_out);
    if (err != JB_OK)
        return err;
    snprintf(text, sizeof text,
             "restored from a backup that ended with entry %llu; from the nodes' signed copies: "
             "%llu entries and %llu items put back, %llu numbers of the log lost, %llu items known "
             "by their hash alone, %llu items appended, %llu entries of which two nodes hold "
             "different ones%s",
             (unsigned long long)m->state.seq, (unsigned long long)r->entries,
             (unsigned long long)r->items, (unsigned long long)r->lost,
             (unsigned long long)r->blank, (unsigned long long)r->appended,
             (unsigned long long)r->differ, left_out);
    const struct jb_act act = {.kind = JB_ACT_NEW_EPOCH,
                               .node = JB_NODE_BROKER_NUMBER,
                               .epoch = {m->l->epoch, JB_EPOCH_BYTES},
                               .number = m->state.seq,
                               .reason = jb_text_of(text)};
    int64_t at_ms = m->now_ms > m->at_ms ? m->now_ms : m->at_ms;
    err = own_entry(m, &act, at_ms);
    if (err == JB_OK)
        err = jb_db_exec(m->l, "DELETE FROM copy; DELETE FROM copy_line;"
                               "DELETE FROM meta WHERE key = '.recovering'");
    return err;
}

static enum jb_err merge_all(struct jb_merge *m)
{
    enum jb_err err = log_restore(m);

    if (err == JB_OK)
        err = jb_merge_streams(m);
    if (err == JB_OK)
        err = missing_append(m);
    return err == JB_OK ? tell(m) : err;
}

enum jb_err jb_recovery_complete(struct jb_ledger *l, int64_t now_ms,
                                 struct jb_recovery_report *out, struct jb_fault *fault)
{
    struct jb_merge m = {.l = l, .out = out, .fault = fault, .now_ms = now_ms};

    *out = (struct jb_recovery_report){0};
    fault->text[0] = '\0';
    m.last = &m.first;
    enum jb_err err = jb_recovery_state(l, &m.state);
    if (err != JB_OK || !m.state.active)
        return err;
    jb_arena_init(&m.arena, (size_t)256 * 1024 * 1024);
    jb_arena_init(&m.lasting, (size_t)256 * 1024 * 1024);
    err = jb_ledger_begin(l);
    if (err == JB_OK) {
        err = merge_all(&m);
        if (err == JB_OK)
            err = jb_ledger_commit(l);
        else
            jb_ledger_rollback(l);
    }
    jb_arena_fini(&m.lasting);
    jb_arena_fini(&m.arena);
    if (err != JB_OK && fault->text[0] == '\0')
        (void)jb_fault_set(fault, err, "completing the record: %s",
                           l->error[0] != '\0' ? l->error : jb_err_text(err));
    return err;
}
