/* Entries made from a seed: what a broker's log could hold, without the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/ledger_world.h"

/* ---- entries ---- */

uint64_t lw_random(struct lw *w, uint64_t bound)
{
    w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->random >> 33) % bound;
}

int64_t lw_case_no(int64_t index)
{
    return LW_CASE_BASE + index * 10;
}

struct jb_entry lw_entry(struct lw *w, struct jb_ledger *l, enum jb_act_kind kind, int64_t case_no)
{
    w->now_ms += 1000;
    return (struct jb_entry){.seq = jb_log_last_seq(l) + 1,
                             .at_ms = w->now_ms,
                             .node = LW_OFFICE,
                             .user = jb_text_of("王芳"),
                             .made_at_ms = w->now_ms - 10,
                             .act = {.kind = kind, .case_no = case_no}};
}

void lw_effects(struct jb_entry *entry, struct jb_arena *arena, const struct jb_effect *effects,
                size_t count)
{
    entry->effects = jb_arena_memdup(arena, effects, count * sizeof *effects);
    assert_non_null(entry->effects);
    entry->effect_count = count;
}

static struct jb_effect deadline_set(struct lw *w, uint32_t id, const char *key, uint32_t node)
{
    int64_t due = w->now_ms + 15 * INT64_C(86400000);
    int64_t warn[] = {due - 3 * INT64_C(86400000), due - INT64_C(86400000)};

    return (struct jb_effect){
        .kind = JB_EFFECT_DEADLINE_SET,
        .deadline_id = id,
        .key = jb_text_of(key),
        .node = node,
        .trigger_ms = w->now_ms,
        .limit = 15,
        .unit = JB_UNIT_CALENDAR_DAYS,
        .due_ms = due,
        .policy_version = jb_text_of("2022-05-01.1"),
        .calendar_version = jb_text_of("2026.1"),
        .article = jb_text_of("《信访工作条例》第二十二条"),
        .warn_at_ms = {jb_arena_memdup(&w->arena, warn, sizeof warn), 2},
    };
}

struct jb_entry lw_register(struct lw *w, struct jb_ledger *l, int64_t case_no, const char *title)
{
    struct jb_entry entry = lw_entry(w, l, JB_ACT_REGISTER, case_no);
    struct jb_effect effects[] = {
        {.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_REGISTERED},
        {.kind = JB_EFFECT_CUSTODY_MOVED, .node = LW_OFFICE, .custody = 1},
        {.kind = JB_EFFECT_JOINED, .node = LW_OFFICE, .role = JB_ROLE_REGISTRAR},
        deadline_set(w, 1, "sort", LW_OFFICE),
    };

    entry.act.matter = JB_MATTER_APPEAL;
    entry.act.channel = JB_CHANNEL_LETTER;
    entry.act.title = jb_text_of(title);
    entry.act.content = jb_text_of("小区供暖温度不达标,多次反映未解决。");
    entry.act.class_code = jb_text_of("城乡建设");
    entry.act.place_code = jb_text_of("611002");
    entry.act.people = 3;
    lw_effects(&entry, &w->arena, effects, sizeof effects / sizeof effects[0]);
    return entry;
}

struct making { /* an entry about a case that is there */
    struct lw *w;
    struct jb_case c;
    struct jb_entry *entry;
    struct jb_effect effects[16]; /* the most that one maker adds */
    size_t count;
};

static void add(struct making *m, struct jb_effect e)
{
    m->effects[m->count++] = e;
}

static const struct jb_deadline *open_deadline(const struct making *m)
{
    for (size_t i = 0; i < m->c.deadline_count; i++)
        if (m->c.deadlines[i].end == JB_END_OPEN)
            return &m->c.deadlines[i];
    return NULL;
}

static void make_assign(struct making *m)
{
    uint32_t to = (uint32_t)(10 + lw_random(m->w, 6));
    const struct jb_deadline *d = open_deadline(m);
    uint32_t last = (uint32_t)m->c.deadline_count; /* ids count from 1 */

    m->entry->act.kind = JB_ACT_ASSIGN;
    m->entry->act.node = to;
    add(m, (struct jb_effect){.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_SENT});
    add(m, (struct jb_effect){.kind = JB_EFFECT_CUSTODY_MOVED,
                              .node = to,
                              .custody = m->c.custody + 1,
                              .authority = JB_AUTHORITY_ASSIGN,
                              .sender = LW_OFFICE,
                              .hops = m->c.hops + 1});
    add(m,
        (struct jb_effect){.kind = JB_EFFECT_JOINED, .node = LW_OFFICE, .role = JB_ROLE_ASSIGNER});
    if (d != NULL)
        add(m, (struct jb_effect){.kind = JB_EFFECT_DEADLINE_ENDED,
                                  .deadline_id = d->id,
                                  .end = JB_END_MET,
                                  .at_ms = m->w->now_ms});
    add(m, deadline_set(m->w, last + 1, "notify", to));
    add(m, deadline_set(m->w, last + 2, "handle", to));
}

static void make_sign(struct making *m)
{
    m->entry->act.kind = JB_ACT_SIGN_FOR;
    add(m, (struct jb_effect){
               .kind = JB_EFFECT_FACT_SET, .fact = JB_FACT_SIGNED, .at_ms = m->w->now_ms});
    add(m, (struct jb_effect){.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_SIGNED});
}

static void make_object(struct making *m)
{
    m->entry->act.kind = JB_ACT_OBJECT;
    add(m, (struct jb_effect){.kind = JB_EFFECT_OBJECTION_SET,
                              .node = m->c.host,
                              .open = !m->c.objection_open,
                              .ruling = m->c.objection_open ? JB_RULING_REFUSED : 0});
}

static void make_clock(struct making *m)
{
    const struct jb_deadline *d = open_deadline(m);

    m->entry->act.kind = JB_ACT_WARN;
    if (d == NULL)
        return;
    switch (lw_random(m->w, 4)) {
    case 0:
        add(m, (struct jb_effect){
                   .kind = JB_EFFECT_DEADLINE_WARNED, .deadline_id = d->id, .step_no = 1});
        break;
    case 1:
        add(m, (struct jb_effect){
                   .kind = JB_EFFECT_DEADLINE_MISSED, .deadline_id = d->id, .at_ms = m->w->now_ms});
        break;
    case 2:
        add(m, (struct jb_effect){.kind = JB_EFFECT_DEADLINE_ACKNOWLEDGED,
                                  .deadline_id = d->id,
                                  .node = d->node,
                                  .user = jb_text_of("李强"),
                                  .at_ms = m->w->now_ms});
        break;
    default:
        add(m, (struct jb_effect){.kind = JB_EFFECT_DEADLINE_MOVED,
                                  .deadline_id = d->id,
                                  .due_ms = d->due_ms + INT64_C(86400000),
                                  .old_due_ms = d->due_ms,
                                  .trigger_ms = d->trigger_ms,
                                  .calendar_version = jb_text_of("2026.2"),
                                  .extension = true});
        break;
    }
}

static void make_leave(struct making *m)
{
    m->entry->act.kind = JB_ACT_RECUSE;
    add(m, (struct jb_effect){.kind = JB_EFFECT_JOINED,
                              .node = (uint32_t)(10 + lw_random(m->w, 6)),
                              .role = lw_random(m->w, 2) ? JB_ROLE_LEFT : JB_ROLE_CO_HANDLER});
    add(m, (struct jb_effect){
               .kind = JB_EFFECT_OPINION_SET, .opinion = JB_OPINION_SUPPORTED, .exit = 6});
}

static void make_close(struct making *m)
{
    m->entry->act.kind = JB_ACT_CLOSE;
    for (size_t i = 0; i < m->c.deadline_count && m->count < 10; i++)
        if (m->c.deadlines[i].end == JB_END_OPEN)
            add(m, (struct jb_effect){.kind = JB_EFFECT_DEADLINE_ENDED,
                                      .deadline_id = m->c.deadlines[i].id,
                                      .end = JB_END_CANCELLED,
                                      .at_ms = m->w->now_ms});
    add(m, (struct jb_effect){.kind = JB_EFFECT_STAGE_MOVED, .stage = JB_STAGE_CLOSED});
}

/* ---- what hangs on a case besides ---- */

static void make_mark(struct making *m)
{
    bool link = lw_random(m->w, 2) != 0;
    struct jb_effect e = {.kind = JB_EFFECT_MARKED,
                          .mark = link ? JB_MARK_LINK : JB_MARK_RECUSED,
                          .open = lw_random(m->w, 4) != 0,
                          .at_ms = m->w->now_ms};

    m->entry->act.kind = link ? JB_ACT_LINK : JB_ACT_RECUSE;
    if (link) {
        e.other_case_no = lw_case_no((int64_t)lw_random(m->w, (uint64_t)m->w->cases));
        e.value = JB_LINK_RELATED;
    } else {
        e.node = (uint32_t)(10 + lw_random(m->w, 3));
        e.text = jb_text_of("赵敏");
    }
    add(m, e);
}

static void make_directive(struct making *m)
{
    uint32_t id = (uint32_t)m->c.directive_count + 1;

    m->entry->act.kind = JB_ACT_ISSUE_DIRECTIVE;
    add(m, (struct jb_effect){.kind = JB_EFFECT_DIRECTIVE_SET,
                              .directive = id,
                              .power = (uint32_t)(1 + lw_random(m->w, JB_POWER_RECOMMEND)),
                              .node = LW_OFFICE,
                              .authority = JB_AUTHORITY_FIRST_ASSIGNMENT,
                              .status = JB_DIRECTIVE_IN_FORCE,
                              .official = jb_text_of("副县长")});
    add(m, deadline_set(m->w, (uint32_t)m->c.deadline_count + 1, "supervise", 10));
    for (uint32_t i = 0; i < 2; i++)
        add(m, (struct jb_effect){.kind = JB_EFFECT_TARGET_SET,
                                  .directive = id,
                                  .node = 10 + i,
                                  .target = JB_TARGET_ISSUED,
                                  .deadline_id = (uint32_t)m->c.deadline_count + 1,
                                  .at_ms = m->w->now_ms});
}

static void make_target(struct making *m)
{
    m->entry->act.kind = JB_ACT_ANSWER_DIRECTIVE;
    if (m->c.directive_count == 0)
        return;
    add(m, (struct jb_effect){.kind = JB_EFFECT_TARGET_SET,
                              .directive = (uint32_t)(1 + lw_random(m->w, m->c.directive_count)),
                              .node = 10,
                              .target = (int)(1 + lw_random(m->w, JB_TARGET_SUPERSEDED)),
                              .adopted = (uint32_t)lw_random(m->w, 3),
                              .at_ms = m->w->now_ms});
    add(m, (struct jb_effect){.kind = JB_EFFECT_DIRECTIVE_MOVED,
                              .directive = 1,
                              .status = JB_DIRECTIVE_ENDED,
                              .countersigned_by = jb_text_of("县长")});
}

static void make_docket(struct making *m)
{
    bool more = m->c.docket_count == 0 || lw_random(m->w, 3) == 0;

    m->entry->act.kind = more ? JB_ACT_OPEN_DOCKET : JB_ACT_STEP_DOCKET;
    add(m, (struct jb_effect){.kind = JB_EFFECT_DOCKET_SET,
                              .docket = more ? (uint32_t)m->c.docket_count + 1 : 1,
                              .docket_no = jb_text_of("督2026-7"),
                              .step = (uint32_t)(1 + lw_random(m->w, JB_STEP_HOLD_TO_ACCOUNT)),
                              .node = 10,
                              .sender = LW_OFFICE,
                              .open = lw_random(m->w, 3) != 0,
                              .at_ms = m->w->now_ms});
}

static void make_chain(struct making *m)
{
    m->entry->act.kind = JB_ACT_REQUEST_REVIEW;
    add(m, (struct jb_effect){.kind = JB_EFFECT_REVIEW_SET,
                              .round = (uint32_t)(1 + lw_random(m->w, 2)),
                              .node = 11,
                              .opinion = (uint32_t)lw_random(m->w, 4)});
    add(m, (struct jb_effect){.kind = JB_EFFECT_RATING_SET,
                              .party = (uint32_t)(1 + lw_random(m->w, 2)),
                              .rating = (int)(1 + lw_random(m->w, JB_RATING_UNRATED)),
                              .satisfaction = (uint32_t)lw_random(m->w, 4),
                              .at_ms = m->w->now_ms});
    add(m, (struct jb_effect){.kind = JB_EFFECT_DISPUTE_SET,
                              .open = lw_random(m->w, 2) != 0,
                              .node = 12,
                              .dispute_level = 1});
    add(m, (struct jb_effect){.kind = JB_EFFECT_TRACK_SET, .simple = lw_random(m->w, 2) != 0});
    add(m, (struct jb_effect){.kind = JB_EFFECT_LEAD_SET, .official = jb_text_of("包案领导")});
    add(m, (struct jb_effect){
               .kind = JB_EFFECT_FACT_SET, .fact = JB_FACT_REVIEW_ASKED, .at_ms = m->w->now_ms});
    add(m, (struct jb_effect){.kind = JB_EFFECT_PARTICIPANT_FACT_SET,
                              .node = 10,
                              .fact = JB_FACT_ANSWERED,
                              .at_ms = m->w->now_ms});
}

static void make_pause(struct making *m)
{
    const struct jb_deadline *d = open_deadline(m);

    m->entry->act.kind = JB_ACT_START_HEARING;
    if (d == NULL)
        return;
    if (d->paused_from_ms == 0)
        add(m, (struct jb_effect){
                   .kind = JB_EFFECT_CLOCK_PAUSED, .deadline_id = d->id, .at_ms = m->w->now_ms});
    else
        add(m, (struct jb_effect){.kind = JB_EFFECT_CLOCK_RESUMED,
                                  .deadline_id = d->id,
                                  .at_ms = m->w->now_ms,
                                  .paused_ms = d->paused_ms + INT64_C(86400000),
                                  .due_ms = d->due_ms + INT64_C(86400000)});
}

static void case_entry(struct lw *w, struct jb_ledger *l, struct jb_entry *entry)
{
    static void (*const makers[])(struct making *) = {
        make_assign, make_sign, make_object,    make_clock,  make_leave,  make_clock, make_assign,
        make_close,  make_mark, make_directive, make_target, make_docket, make_chain, make_pause};
    struct making m = {.w = w, .entry = entry};
    int64_t case_no = lw_case_no((int64_t)lw_random(w, (uint64_t)w->cases));

    assert_int_equal(jb_ledger_case_load(l, case_no, &w->arena, &m.c), JB_OK);
    entry->act.case_no = case_no;
    makers[lw_random(w, sizeof makers / sizeof makers[0])](&m);
    lw_effects(entry, &w->arena, m.effects, m.count);
}

/* ---- entries that are not about a case ---- */

static struct jb_bytes random_key(struct lw *w)
{
    uint8_t key[JB_KEY_BYTES];

    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)lw_random(w, 256);
    return (struct jb_bytes){jb_arena_memdup(&w->arena, key, sizeof key), sizeof key};
}

static void directory_entry(struct lw *w, struct jb_act *act)
{
    char *code = jb_arena_alloc(&w->arena, 16);

    act->node = 10 + w->nodes;
    act->name = jb_text_of("住房和城乡建设局");
    if (w->nodes < 3 || lw_random(w, 2) == 0) {
        snprintf(code, 16, "node-%u", act->node);
        act->kind = JB_ACT_ENROL_NODE;
        act->code = jb_text_of(code);
        act->level = JB_LEVEL_COUNTY;
        act->node_kind = JB_NODE_DEPARTMENT;
        act->valid_from_ms = LW_START_MS;
        act->line_key = random_key(w);
        act->sign_key = random_key(w);
        w->nodes++;
        return;
    }
    act->node = 10 + (uint32_t)lw_random(w, w->nodes);
    act->kind = lw_random(w, 2) ? JB_ACT_CHANGE_NODE : JB_ACT_REPLACE_KEYS;
    if (act->kind == JB_ACT_REPLACE_KEYS) {
        act->name = (struct jb_text){NULL, 0};
        act->line_key = random_key(w);
        act->sign_key = random_key(w);
    }
}

static void stored_entry(struct lw *w, struct jb_act *act)
{
    size_t count = 1 + lw_random(w, 3);
    struct jb_stored_item *items = jb_arena_alloc(&w->arena, count * sizeof *items);

    for (size_t i = 0; i < count; i++)
        items[i] = (struct jb_stored_item){lw_case_no((int64_t)lw_random(w, (uint64_t)w->cases)),
                                           1 + lw_random(w, 50)};
    act->kind = JB_ACT_STORED;
    act->node = (uint32_t)(10 + lw_random(w, 6));
    act->items = (struct jb_stored_items){items, count};
}

static void install_entry(struct lw *w, struct jb_act *act)
{
    static const char body[] = "[policy]\nversion = 2022-05-01.1\n";

    act->kind = lw_random(w, 2) ? JB_ACT_INSTALL_POLICY : JB_ACT_INSTALL_CALENDAR;
    act->version = jb_text_of("2026.1");
    act->body = (struct jb_bytes){(const uint8_t *)body, sizeof body - 1};
    if (act->kind == JB_ACT_INSTALL_POLICY)
        act->effective_from_ms = LW_START_MS + (int64_t)lw_random(w, 1000);
    else
        act->region = jb_text_of("CN");
}

static void delegation_entry(struct lw *w, struct jb_entry *entry)
{
    entry->node = 10 + (uint32_t)lw_random(w, 3);
    entry->act.official = jb_text_of(lw_random(w, 2) ? "王县长" : "李县长");
    entry->act.kind = lw_random(w, 3) ? JB_ACT_DELEGATE : JB_ACT_END_DELEGATION;
    if (entry->act.kind == JB_ACT_DELEGATE) {
        entry->act.power = (int)lw_random(w, JB_POWER_RECOMMEND + 1);
        entry->act.valid_to_ms = lw_random(w, 2) ? 0 : w->now_ms + 100000;
    }
}

struct jb_entry lw_random_entry(struct lw *w, struct jb_ledger *l)
{
    uint64_t dice = lw_random(w, 100);
    struct jb_entry entry = lw_entry(w, l, JB_ACT_NOTE, 0);

    if (dice < 15 || w->cases == 0)
        return lw_register(w, l, lw_case_no(w->cases++), "反映供暖问题");
    if (dice < 20)
        directory_entry(w, &entry.act);
    else if (dice >= 97)
        delegation_entry(w, &entry);
    else if (dice < 23)
        install_entry(w, &entry.act);
    else if (dice < 30)
        stored_entry(w, &entry.act);
    else
        case_entry(w, l, &entry);
    return entry;
}
