/* See clientworld.h. */
#include "tests/unit/clientworld.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/wire/codec.h"

static void copy(char *to, size_t size, struct jb_text text)
{
    (void)snprintf(to, size, "%.*s", (int)text.len, text.data != NULL ? text.data : "");
}

static void answer_settled(struct world *w, struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__SettledView view = JB__SETTLED_VIEW__INIT;
    char number[] = "20261123-00007-00042-9";
    char name[] = "STALE_CUSTODY";
    char detail[] = "held by node 12";
    char holder[] = "县人社局";
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_SETTLED;
    reply.settled = &view;
    view.has_number = view.has_accepted = view.has_pending = true;
    view.number = 17;
    view.accepted = w->mode != REFUSE && w->mode != PENDING;
    view.pending = w->mode == PENDING;
    view.case_number = number;
    if (w->mode == REFUSE) {
        view.has_code = view.has_holder = true;
        view.code = 106;
        view.holder = 12;
        view.name = name;
        view.detail = detail;
        view.holder_name = holder;
    }
    fake_send(peer, &reply);
}

static void note_submission(struct world *w, const Jb__DoSubmit *s)
{
    struct jb_arena arena;
    struct jb_act act;
    struct jb_persons persons;
    struct jb_fault fault;
    jb_arena_init(&arena, 1024 * 1024);
    w->kind = JB_ACT_NONE;
    if (jb_act_decode((struct jb_bytes){s->act.data, s->act.len}, &arena, &act, &fault) == JB_OK) {
        w->kind = act.kind;
        w->act_node = act.node;
        w->co_handlers = act.co_handlers.count;
        w->act_case_no = act.case_no;
        w->act_other_case_no = act.other_case_no;
        w->act_audience = act.audience.count;
        w->act_accused = act.accused.count;
        w->act_others = act.other_case_nos.count;
        w->act_directive_no = act.directive_no;
        copy(w->act_text, sizeof w->act_text, act.kind == JB_ACT_REGISTER ? act.title : act.text);
    }
    w->persons = 0;
    if (s->has_petitioners &&
        jb_persons_decode((struct jb_bytes){s->petitioners.data, s->petitioners.len}, &arena,
                          &persons, &fault) == JB_OK)
        w->persons = persons.count;
    w->wait_ms = s->wait_ms;
    copy(w->behalf, sizeof w->behalf, jb_text_of(s->on_behalf_of));
    copy(w->token, sizeof w->token, jb_text_of(s->token));
    copy(w->query_code, sizeof w->query_code, jb_text_of(s->query_code));
    jb_arena_fini(&arena);
}

static void answer_nodes(struct fake_peer *peer, uint64_t id, const char *find)
{
    static char names[3][32] = {"城关镇", "城关派出所", "自然资源局"};
    static char codes[3][8] = {"cgz", "cgpcs", "zrzy"};
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__NodeList list = JB__NODE_LIST__INIT;
    Jb__NodeView views[3];
    Jb__NodeView *at[3];
    for (size_t i = 0; i < 3; i++) {
        jb__node_view__init(&views[i]);
        views[i].has_node = true;
        views[i].node = (uint32_t)i + 10;
        views[i].name = names[i];
        views[i].code = codes[i];
        if (find == NULL || strstr(names[i], find) != NULL || strcmp(codes[i], find) == 0)
            at[list.n_nodes++] = &views[i];
    }
    list.nodes = at;
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_NODES;
    reply.nodes = &list;
    fake_send(peer, &reply);
}

static void answer_case(struct world *w, struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseView view = JB__CASE_VIEW__INIT;
    Jb__TimelineItem item = JB__TIMELINE_ITEM__INIT;
    Jb__TimelineItem *items[] = {&item};
    Jb__DeadlineView deadline = JB__DEADLINE_VIEW__INIT;
    Jb__DeadlineView *deadlines[] = {&deadline};
    struct jb_arena arena;
    struct jb_bytes bytes = {NULL, 0};
    char title[] = "拖欠工资";
    char kind[] = "assign";
    struct jb_act act = {.kind = JB_ACT_ASSIGN,
                         .case_no = w->case_no,
                         .node = 11,
                         .text = jb_text_of("请于期限内办结")};
    jb_arena_init(&arena, 65536);
    if (jb_act_encode(&act, &arena, &bytes) == JB_OK) {
        item.has_act = true;
        item.act = (ProtobufCBinaryData){bytes.len, (uint8_t *)(uintptr_t)bytes.data};
    }
    item.kind = kind;
    deadline.has_due_ms = true;
    deadline.due_ms = 1795968000000;
    view.has_case_no = true;
    view.case_no = w->case_no;
    view.title = title;
    view.n_timeline = 1;
    view.timeline = items;
    view.n_deadlines = 1;
    view.deadlines = deadlines;
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_CASE_FILE;
    reply.case_file = &view;
    fake_send(peer, &reply);
    jb_arena_fini(&arena);
}

static void answer_empty(struct fake_peer *peer, const Jb__Request *r)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseList cases = JB__CASE_LIST__INIT;
    Jb__DeadlineList deadlines = JB__DEADLINE_LIST__INIT;
    Jb__PendingList pending = JB__PENDING_LIST__INIT;
    Jb__AlarmList alarms = JB__ALARM_LIST__INIT;
    Jb__StatusView status = JB__STATUS_VIEW__INIT;
    Jb__VerifyView verify = JB__VERIFY_VIEW__INIT;
    Jb__Done done = JB__DONE__INIT;
    reply.id = r->id;
    if (r->body_case == JB__REQUEST__BODY_CASES) {
        cases.has_more = cases.more = true;
        reply.body_case = JB__REPLY__BODY_CASES;
        reply.cases = &cases;
    } else if (r->body_case == JB__REQUEST__BODY_DEADLINES) {
        reply.body_case = JB__REPLY__BODY_DEADLINES;
        reply.deadlines = &deadlines;
    } else if (r->body_case == JB__REQUEST__BODY_PENDING) {
        reply.body_case = JB__REPLY__BODY_PENDING;
        reply.pending = &pending;
    } else if (r->body_case == JB__REQUEST__BODY_ALARMS) {
        reply.body_case = JB__REPLY__BODY_ALARMS;
        reply.alarms = &alarms;
    } else if (r->body_case == JB__REQUEST__BODY_STATUS) {
        reply.body_case = JB__REPLY__BODY_STATUS;
        reply.status = &status;
    } else if (r->body_case == JB__REQUEST__BODY_VERIFY) {
        reply.body_case = JB__REPLY__BODY_VERIFY;
        reply.verify = &verify;
    } else {
        done.has_node = true;
        done.node = 42;
        reply.body_case = JB__REPLY__BODY_DONE;
        reply.done = &done;
    }
    fake_send(peer, &reply);
}

static void answer_watch(struct fake_peer *peer, uint64_t id)
{
    char number[] = "20261123-00007-00042-9";
    for (int i = 0; i < 3; i++) {
        Jb__Reply reply = JB__REPLY__INIT;
        Jb__WatchEvent event = JB__WATCH_EVENT__INIT;
        Jb__TimelineItem item = JB__TIMELINE_ITEM__INIT;
        item.has_number = true;
        item.number = (uint64_t)i + 1;
        event.item = &item;
        event.number = number;
        reply.id = id;
        reply.body_case = JB__REPLY__BODY_EVENT;
        reply.event = &event;
        fake_send(peer, &reply);
    }
}

/* Replies in the opposite order of the requests, once all are there. */
static void release_held(struct world *w, struct fake_peer *peer)
{
    while (w->held_count > 0)
        answer_settled(w, peer, w->held[--w->held_count]);
}

static bool misbehave(struct world *w, struct fake_peer *peer, uint64_t id)
{
    static const unsigned char garbage[] = {0, 0, 0, 3, 0xFF, 0xFF, 0xFF};
    static const unsigned char huge[] = {0x7F, 0xFF, 0xFF, 0xFF};
    char text[] = "refused by CODE_TAKEN: zjj";
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__ErrorView error = JB__ERROR_VIEW__INIT;

    if (w->mode == LATE && w->held_count == 0) {
        w->held[w->held_count++] = id;
        return true;
    }
    if (w->mode == SILENT)
        return true;
    if (w->mode == HANG_UP)
        fake_hang_up(peer);
    else if (w->mode == GARBAGE)
        fake_send_bytes(peer, garbage, sizeof garbage);
    else if (w->mode == HUGE_FRAME)
        fake_send_bytes(peer, huge, sizeof huge);
    else if (w->mode == ERROR_ID_0 || w->mode == ERROR_REFUSED) {
        error.has_error = true;
        error.error = w->mode == ERROR_ID_0 ? JB_VERSION : JB_REFUSED;
        reply.id = w->mode == ERROR_ID_0 ? 0 : id;
        error.text = text;
        reply.body_case = JB__REPLY__BODY_ERROR;
        reply.error = &error;
        fake_send(peer, &reply);
    } else
        return false;
    return true;
}

void world_answer(struct fake_peer *peer, const Jb__Request *request, void *data)
{
    const Jb__Request *r = request;
    struct world *w = data;
    w->requests++;
    w->connections = fake_peer_number(peer);
    w->body = r->body_case;
    if (r->body_case != JB__REQUEST__BODY_SUBMIT)
        copy(w->behalf, sizeof w->behalf, jb_text_of(r->on_behalf_of));
    if (misbehave(w, peer, r->id))
        return;
    if (r->body_case == JB__REQUEST__BODY_SUBMIT) {
        note_submission(w, r->submit);
        if (w->hold > 0) {
            w->held[w->held_count++] = r->id;
            if (w->held_count == w->hold)
                release_held(w, peer);
            return;
        }
        if (w->mode == LATE)
            release_held(w, peer);
        answer_settled(w, peer, r->id);
    } else if (r->body_case == JB__REQUEST__BODY_SETTLED ||
               (r->body_case == JB__REQUEST__BODY_ENROL && w->mode == REFUSE)) {
        answer_settled(w, peer, r->id);
    } else if (r->body_case == JB__REQUEST__BODY_NODES) {
        answer_nodes(peer, r->id, r->nodes->find);
    } else if (r->body_case == JB__REQUEST__BODY_CASE_FILE) {
        answer_case(w, peer, r->id);
    } else if (r->body_case == JB__REQUEST__BODY_WATCH) {
        answer_watch(peer, r->id);
    } else if (!world_answer_orders(peer, r)) {
        w->dry_run = r->body_case == JB__REQUEST__BODY_INSTALL && r->install->dry_run;
        w->ask_broker = r->body_case == JB__REQUEST__BODY_VERIFY && r->verify->ask_broker;
        answer_empty(peer, r);
    }
}

int world_set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct jb_date date;
    if (w == NULL || jb_date_make((struct jb_ymd){2026, 11, 23}, &date) != JB_OK ||
        jb_caseno_make(date, 7, 42, &w->case_no) != JB_OK) {
        free(w);
        return -1;
    }
    jb_caseno_format(w->case_no, w->number);
    w->fake = fake_agent_start(world_answer, w);
    *state = w;
    return jiaoban_open(fake_agent_path(w->fake), &w->j) == JIAOBAN_OK ? 0 : -1;
}

int world_tear_down(void **state)
{
    struct world *w = *state;
    jiaoban_close(w->j);
    fake_agent_stop(w->fake);
    free(w);
    return 0;
}
