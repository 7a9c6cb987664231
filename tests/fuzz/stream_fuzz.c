/* What a broker sends to a node, had it gone bad: its signature is good, what it signs need not be.
 *
 * First byte, bits 0 and 1: 0 deliveries as they stand; 1 stream items, 2 entries, numbered and
 * signed by the broker's key; 3 frames of every kind over a connection (agentline.h), then the
 * next byte says how that begins. Bit 2: check the whole replica afterwards. Then parts, each
 * behind two bytes of length. */
#include "proto/ledger/query.h"
#include "tests/fuzz/agentline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzzdesk.h"

#define ITEMS_MAX 8
#define CHECK 4

static struct desk *desk;
static bool check_all;

/* An item with the number that is due; one that cannot be read goes as it is. */
static struct jb_bytes item_of(struct desk *d, struct jb_bytes part, bool entry, uint64_t number)
{
    struct jb_item item = {.kind = JB_ITEM_ENTRY, .at_ms = d->w->now_ms, .entry = part};
    struct jb_fault fault = {""};
    struct jb_bytes bytes = part;

    if (!entry && jb_item_decode(part, &d->w->arena, &item, &fault) != JB_OK)
        return part;
    item.number = number;
    if (jb_item_encode(&item, &d->w->arena, &bytes) != JB_OK)
        return part;
    return bytes;
}

static void deliver(struct desk *d, const struct jb_frame_item *items, size_t count)
{
    struct jb_line_point down = jb_replica_down(d->agent.ledger);
    struct jb_frame f = {.kind = JB_FRAME_DELIVER,
                         .first = down.number + 1,
                         .items = items,
                         .item_count = count,
                         .suite = JB_SUITE_ED25519};
    uint8_t hash[JB_HASH_BYTES];
    struct jb_bytes bytes;

    memcpy(f.epoch, down.epoch, sizeof f.epoch);
    memcpy(f.head, down.head, sizeof f.head);
    for (size_t i = 0; i < count; i++) {
        jb_hash(JB_SUITE_ED25519, items[i].body.data, items[i].body.len, hash);
        jb_chain_next(JB_SUITE_ED25519, f.head, hash, f.head);
    }
    struct jb_line_claim claim =
        jb_line_claim_of(JB_LINE_DOWN_HEAD, DESK_NODE, f.epoch, down.number + count, f.head);
    FUZZ_MUST(jb_line_sign(f.suite, d->broker_keys.sign_secret, &claim, f.signature) == JB_OK);
    if (jb_frame_encode(&f, &d->w->arena, &bytes) == JB_OK)
        jb_agent_gather(&d->agent, bytes);
}

static void deliver_parts(struct desk *d, struct fuzz_in *in, bool entries)
{
    static const uint8_t key[JB_KEY_BYTES] = {9};
    struct jb_frame_item items[ITEMS_MAX];
    uint64_t first = jb_replica_down(d->agent.ledger).number + 1;
    size_t count = 0;

    while (count < ITEMS_MAX && in->left > 0) {
        items[count] =
            (struct jb_frame_item){.body = item_of(d, fuzz_part(in), entries, first + count)};
        if (count % 4 == 3)
            items[count].case_key = (struct jb_bytes){key, sizeof key};
        count++;
    }
    if (count > 0)
        deliver(d, items, count);
}

/* Every listing, of what has been taken in. */
static void ask_everything(struct desk *d)
{
    static const int kinds[] = {JB__REQUEST__BODY_CASES,   JB__REQUEST__BODY_DEADLINES,
                                JB__REQUEST__BODY_NODES,   JB__REQUEST__BODY_DIRECTIVES,
                                JB__REQUEST__BODY_DOCKETS, JB__REQUEST__BODY_DELEGATIONS,
                                JB__REQUEST__BODY_ALARMS,  JB__REQUEST__BODY_STATUS};
    static union { /* a question without conditions: all fields absent */
        Jb__GetCases cases;
        Jb__GetDeadlines deadlines;
        Jb__GetNodes nodes;
        Jb__GetDirectives directives;
        Jb__GetDockets dockets;
        Jb__GetDelegations delegations;
        Jb__GetAlarms alarms;
        Jb__GetStatus status;
    } nothing;
    Jb__Request request = JB__REQUEST__INIT;
    Jb__GetCase file = JB__GET_CASE__INIT;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        request.body_case = (Jb__Request__BodyCase)kinds[i];
        request.cases = &nothing.cases;
        fuzz_desk_ask(d, &request);
    }
    JB_PUT(&file, with_timeline, true);
    request.body_case = JB__REQUEST__BODY_CASE_FILE;
    request.case_file = &file;
    for (int64_t i = 0; i < FUZZ_DESK_CASES + 1; i++) {
        JB_PUT(&file, case_no, lw_case_no(i));
        fuzz_desk_ask(d, &request);
    }
}

/* Before it is taken back: the tables are what the record says, and can be shown. */
static void look(struct jb_ledger *l)
{
    struct jb_check_keys keys = {.broker_sign = desk->broker_keys.sign_public,
                                 .own_sign = desk->agent.keys.sign_public};
    struct jb_check check;
    struct jb_fault fault = {""};

    ask_everything(desk);
    if (!check_all)
        return;
    FUZZ_MUST(jb_ledger_check(l, &keys, &check, &fault) == JB_OK);
    if (fault.text[0] != '\0')
        fprintf(stderr, "%s\n", fault.text);
    FUZZ_MUST(check.chain_intact && check.signatures_good && check.tables_equal);
}

/* Installed policies and calendars come from the tables, which are as before. */
static void restore_book(struct desk *d)
{
    FUZZ_MUST(jb_agent_book_load(&d->agent) == JB_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct desk *d = fuzz_desk();
    uint8_t how = fuzz_byte(&in);
    const struct jb_policy *policy = d->agent.book.book.policy;

    desk = d;
    check_all = (how & CHECK) != 0;
    fuzz_before_undo = look;
    if (how % 4 == 3) {
        agent_line(d, &in);
    } else if (how % 4 == 0) {
        while (in.left > 0)
            jb_agent_gather(&d->agent, fuzz_part(&in));
    } else {
        deliver_parts(d, &in, how % 4 == 2);
    }
    jb_agent_apply(&d->agent);
    if (d->agent.book.book.policy != policy)
        restore_book(d);
    return 0;
}
