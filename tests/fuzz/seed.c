/* Writes the first inputs of every target: frames, acts, items, entries, requests and files as the
 * project itself makes them. `seed FOLDER` makes FOLDER/TARGET/NAME. For a new target, or after a
 * change of the format; what fuzzing finds on top of them is merged by `make fuzz-merge`. */
#include "proto/schema/act.pb-c.h"
#include "proto/schema/entry.pb-c.h"
#include "tests/fuzz/fuzzbroker.h"
#include "tests/fuzz/fuzzdesk.h"
#include "tests/fuzz/seeds.h"
#include "tests/unit/wire_gen.h"

/* ---- acts, one of each kind, as the schema describes them ---- */

static const enum jb_act_kind kinds[] = {
#define X(name, field, number) JB_ACT_##name,
    JB_ACT_KINDS(X)
#undef X
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static struct jb_act full_act(enum jb_act_kind kind, int64_t case_no)
{
    struct jb_act act = {.kind = kind, .case_no = case_no, .custody = 2};
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&jb__act__descriptor, (unsigned)kind);

    if (field != NULL)
        gen_fill(&gen_act, field->descriptor, &act);
    act.case_no = case_no;
    act.custody = 2;
    return act;
}

static void act_seeds(struct fuzz_broker *f)
{
    static struct seed in;

    for (size_t i = 0; i < KINDS; i++) {
        struct jb_bytes bytes;
        in.len = 0;
        seed_put(&in, "\0\1", 2);
        for (uint8_t k = 0; k < 3; k++) { /* each agency about another case */
            struct jb_act act = full_act(kinds[i], f->cases[(i + k) % FUZZ_CASES]);
            if (jb_act_encode(&act, &f->w->arena, &bytes) != JB_OK)
                continue;
            seed_byte(&in, k);
            seed_part(&in, bytes);
        }
        seed_put(&in, "\3\0\1\2", 4); /* and the clock looks */
        seed_save(&in, "act", jb_act_kind_name(kinds[i]));
        in.data[0] = 3; /* a month later */
    }
}

/* ---- frames ---- */

static void submit_seeds(struct fuzz_broker *f)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct jb_frame_item item = {.body = {NULL, 0}};
        struct jb_act act = full_act(kinds[i], f->cases[i % FUZZ_CASES]);
        struct jb_submission s = {.user = jb_text_of("clerk"), .made_at_ms = f->w->now_ms};
        struct jb_frame frame = {.kind = JB_FRAME_SUBMIT, .first = 1, .items = &item};
        char name[64];
        frame.item_count = 1;
        frame.suite = JB_SUITE_ED25519;
        if (jb_act_encode(&act, &f->w->arena, &s.act_bytes) != JB_OK ||
            jb_submission_encode(&s, &f->w->arena, &item.body) != JB_OK)
            continue;
        (void)snprintf(name, sizeof name, "submit-%s", jb_act_kind_name(kinds[i]));
        seed_frame((uint8_t)(12 + i % 3), &frame, name);
    }
}

static void frame_seeds(struct fuzz_broker *f)
{
    struct jb_frame frame = {.protocol_min = 1, .protocol_max = JB_PROTOCOL_MAX};

    frame.code = jb_text_of("office");
    frame.software = jb_text_of("example 1.0");
    frame.window_items = 8;
    frame.window_bytes = 65536;
    frame.now_ms = f->w->now_ms;
    frame.number = 3;
    frame.error = JB_GAP;
    frame.text = jb_text_of("a text");
    memset(frame.up.epoch, 9, sizeof frame.up.epoch);
    memset(frame.epoch, 9, sizeof frame.epoch);
    frame.suite = JB_SUITE_ED25519;
    for (int kind = JB_FRAME_HELLO; kind <= JB_FRAME_COPY_DONE; kind++) {
        struct jb_frame_item item = {.body = {(const uint8_t *)"body", 4}};
        char name[64];
        frame.kind = (enum jb_frame_kind)kind;
        frame.first = 1;
        frame.items = &item;
        frame.item_count = 1;
        (void)snprintf(name, sizeof name, "%s", jb_frame_name(frame.kind));
        seed_frame(4, &frame, name);
        (void)snprintf(name, sizeof name, "%s-mended", jb_frame_name(frame.kind));
        seed_frame(12, &frame, name);
    }
    submit_seeds(f);
}

/* ---- the stream of a node ---- */

static void save_item(struct jb_bytes body, uint8_t how, const char *what, size_t i)
{
    static struct seed in;
    char name[64];

    in.len = 0;
    seed_byte(&in, how);
    seed_part(&in, body);
    (void)snprintf(name, sizeof name, "%s-%zu", what, i);
    seed_save(&in, "stream", name);
}

static void stream_seeds(struct fuzz_broker *f)
{
    struct jb_arena arena;

    jb_arena_init(&arena, (size_t)64 * 1024 * 1024);
    for (uint32_t node = OFFICE; node <= HOUSING; node++) {
        struct jb_stream_read want = {
            .node = node, .from = 1, .max_items = 40, .max_bytes = 1 << 20};
        struct jb_frame_item *items = NULL;
        size_t count = 0;
        uint8_t head[JB_HASH_BYTES];
        FUZZ_MUST(jb_stream_read(f->w->b.reader, &want, &arena, &items, &count, head) == JB_OK);
        for (size_t i = 0; i < count; i++)
            if (items[i].body.len < 4096) /* policies and calendars are in `config` */
                save_item(items[i].body, 5, node == OFFICE ? "office" : "housing", i);
    }
    jb_arena_fini(&arena);
}

static void effect_seeds(struct desk *d)
{
    const ProtobufCMessageDescriptor *type = &jb__effect__descriptor;

    for (unsigned i = 0; i < type->n_fields; i++) {
        struct jb_effect effect = {.kind = (enum jb_effect_kind)type->fields[i].id};
        struct jb_entry e = lw_entry(d->w, d->broker, JB_ACT_NOTE, lw_case_no(0));
        struct jb_bytes bytes;
        gen_fill(&gen_effect, type->fields[i].descriptor, &effect);
        lw_effects(&e, &d->w->arena, &effect, 1);
        if (jb_entry_encode(&e, &d->w->arena, &bytes) == JB_OK)
            save_item(bytes, 6, "effect", type->fields[i].id);
    }
}

static void entry_seeds(struct desk *d)
{
    struct jb_item left = {.kind = JB_ITEM_LEFT, .left_case_no = lw_case_no(1), .at_ms = 5};
    struct jb_bytes bytes;

    for (size_t i = 0; i < KINDS; i++) {
        struct jb_entry e = lw_entry(d->w, d->broker, kinds[i], lw_case_no(0));
        e.act = full_act(kinds[i], lw_case_no((int64_t)i % 3));
        if (jb_entry_encode(&e, &d->w->arena, &bytes) == JB_OK)
            save_item(bytes, 6, jb_act_kind_name(kinds[i]), 0);
    }
    FUZZ_MUST(jb_item_encode(&left, &d->w->arena, &bytes) == JB_OK);
    save_item(bytes, 5, "left", 0);
    effect_seeds(d);
}

/* ---- requests and replies ---- */

/* Every body, with every field that takes a number or a text. */
static void fill_body(struct gen_raw *raw, const ProtobufCMessageDescriptor *type)
{
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &type->fields[i];
        if (field->type == PROTOBUF_C_TYPE_STRING)
            gen_run(raw, field->id, "屋面 1", 8);
        else if (field->type == PROTOBUF_C_TYPE_BYTES)
            gen_run(raw, field->id, "\x08\x01", 2);
        else if (strcmp(field->name, "case_no") == 0)
            gen_number(raw, field->id, (uint64_t)lw_case_no(0));
        else if (field->type != PROTOBUF_C_TYPE_MESSAGE)
            gen_number(raw, field->id, 1);
    }
}

static void body_seeds(const ProtobufCMessageDescriptor *type, const char *target, uint8_t first)
{
    static struct seed in;

    for (unsigned i = 0; i < type->n_fields; i++) {
        struct gen_raw whole = {.len = 0};
        struct gen_raw body = {.len = 0};
        char name[64];
        if (type->fields[i].type != PROTOBUF_C_TYPE_MESSAGE)
            continue;
        fill_body(&body, type->fields[i].descriptor);
        gen_nest(&whole, type->fields[i].id, &body);
        in.len = 0;
        seed_byte(&in, first);
        seed_put(&in, whole.data, whole.len);
        (void)snprintf(name, sizeof name, "%s-%s", type->short_name, type->fields[i].name);
        seed_save(&in, target, name);
    }
}

static void submit_requests(struct desk *d)
{
    static struct seed in;

    for (size_t i = 0; i < KINDS; i++) {
        struct jb_act act = full_act(kinds[i], lw_case_no((int64_t)i % 3));
        struct gen_raw whole = {.len = 0};
        struct gen_raw body = {.len = 0};
        struct jb_bytes bytes;
        char name[64];
        if (jb_act_encode(&act, &d->w->arena, &bytes) != JB_OK || bytes.len > 2048)
            continue;
        gen_run(&body, 1, bytes.data, bytes.len);
        gen_nest(&whole, JB__REQUEST__BODY_SUBMIT, &body);
        in.len = 0;
        seed_byte(&in, 1);
        seed_put(&in, whole.data, whole.len);
        (void)snprintf(name, sizeof name, "submit-%s", jb_act_kind_name(kinds[i]));
        seed_save(&in, "local", name);
        in.len = 0;
        seed_byte(&in, 2);
        seed_put(&in, bytes.data, bytes.len);
        seed_save(&in, "json", name);
    }
}

/* ---- files ---- */

static void text_seeds(void)
{
    static const struct {
        const char *target, *name, *text;
        size_t len;
    } rows[] = {
#define ROW(target, name, text) {target, name, text, sizeof(text) - 1} /* with NUL in it */
        ROW("csv", "quoted", "a,b\r\n\"1\"\"2\",\"x,\ny\"\r\n"),
        ROW("csv", "plain", "no,date,title\n1,2026-11-23,屋面\n2,,\n"),
        ROW("exchange", "csv", "\0a,b,c,d,e,f,g,h\n1,\"t\"\"\",c,2026-11-23,3,x,1,n\n2,,c,,,,,\n"),
        ROW("exchange", "gb18030",
            "\2a,b,d\n1,\xbc\xd7\x95\x32\x82\x36,2026\xc4\xea"
            "1\xd4\xc2"
            "2\xc8\xd5\n"),
        ROW("exchange", "json", "\3[{\"a\":1,\"b\":\"t\",\"p\":{\"n\":null}},{\"c\":true}]"),
        ROW("exchange", "rels", "\5<R><Relationship Id='r' Target='/xl/s.xml'/></R>"),
        ROW("exchange", "strings",
            "\6<sst><si><r><t>a</t></r><r><t>b_x000D_</t></r><rPh><t>p</t></rPh></si></sst>"),
        ROW("exchange", "sheet",
            "\7<w><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='inlineStr'><is><t>b</t></is>"
            "</c></row><row><c><v>1</v></c><c t='e'><v>x</v></c><c t='b'><v>1</v></c></row></w>"),
        ROW("exchange", "book", "\10<w><sheets><sheet name='s' r:id='r'/></sheets></w>"),
        ROW("exchange", "map",
            "\11[map]\nsystem = s\nnumber = a | b\n[fields]\ntitle = t\n[channel]\n"
            "letter = x | *\n[result]\ny = status\n"),
        ROW("json", "text", "\3a\"b\\c\x01\xff\xe5\xb1\x8b\xed\xa0\x80\xf4\x90"),
        ROW("json", "read-assign",
            "\4{\"kind\":\"assign\",\"custody\":3,\"node\":5,\"co_handlers\":[6,7],"
            "\"authority\":\"first_assignment\",\"due_ms\":\"1700000000000\",\"text\":"
            "\"\\u8bf7\"}"),
        ROW("json", "read-register",
            "\4{\"kind\":\"register\",\"title\":\"t\",\"matter\":\"appeal\",\"flags\":2,"
            "\"persons\":[{\"name\":\"a\",\"main_visitor\":true},{}],\"received_at_ms\":1}"),
        ROW("json", "read-link",
            "\4{\"kind\":\"link\",\"other_case_no\":\"20261123-00003-00049-5\",\"link_kind\":2}"),
        ROW("json", "read-cases",
            "\4{\"cases\":[{\"number\":\"1\",\"light\":\"red\",\"recused\":[\"a\"],\"accused\":[1],"
            "\"deadlines\":[{\"due_ms\":\"-1\",\"provisional\":null}]}],\"more\":true}"),
        ROW("json", "read-request",
            "\4{\"id\":\"18446744073709551615\",\"get_blob\":{\"blob_hash\":\"AP8Q\"}}"),
        ROW("config", "admins",
            "\0[broker]\ndata = /d\nkey = /k\n[admins]\nsystem = root\nsecurity = @jiaoban, uid:7\n"
            "audit = gate/张三\naudit_keep = 1d\n"),
        ROW("config", "admins-shared",
            "\0[broker]\ndata = /d\n[admins]\nsystem = li, @empty\nsecurity = @jiaoban\n"
            "audit = uid:0, @gate\nsingle_admin = yes\n"),
        ROW("config", "roles",
            "\1[agent]\ncode = xfj\nbroker = tcp://127.0.0.1:7700\nbroker_key = x\n[roles]\n"
            "clerk = @jiaoban, li\nsupervisor = uid:1001\nleader = gate/张三, 王\nauditor = root\n"
            "administrator = uid:0\ngateway = gate\n"),
        ROW("zap", "good",
            "\xf8\0\x01i\0\x09"
            "127.0.0.1\0\0"),
        ROW("zap", "unknown-key",
            "\x78\0\x01i\0\x09"
            "127.0.0.1\0\0\0\x04"
            "none"),
        ROW("zap", "plain", "\xb8\0\x01i\0\0\0\0\0\x05PLAIN"),
        ROW("zap", "short", "\x73\0\x01i"),
        ROW("gate", "frames", "\2\0\3abc\2\0\0\0\0\0\0\0\2xy\4\1z"),
#undef ROW
    };
    static struct seed in;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        in.len = 0;
        seed_put(&in, rows[i].text, rows[i].len);
        seed_save(&in, rows[i].target, rows[i].name);
    }
    seed_file("config", "broker", 0, "deploy/config/jiaoband.conf.example");
    seed_file("config", "agent", 1, "deploy/config/jiaoban-agent.conf.example");
    seed_file("config", "policy", 2, "deploy/policy/cn-2022.ini");
    seed_file("config", "calendar", 3, "deploy/calendar/cn.ini");
}

static void save_change(const char *target, const char *what, unsigned i, uint8_t how,
                        struct jb_bytes change)
{
    static struct seed in;
    char name[64];

    in.len = 0;
    seed_byte(&in, how);
    seed_put(&in, change.data, change.len);
    (void)snprintf(name, sizeof name, "%s-%u", what, i);
    seed_save(&in, target, name);
}

/* One value of each table, rows, and bytes on some pages, in all files of a target and in each of
 * the ways that its first byte can say. */
static void ledger_changes(const char *target, const uint8_t *ways, size_t way_count)
{
    for (unsigned i = 0; i < 60; i++) {
        uint8_t how = (uint8_t)(i % 2 | ways[i / 2 % way_count]);
        uint8_t table = (uint8_t)(i / 2);
        uint8_t n = (uint8_t)i;
        const uint8_t values[] = {table, 1, 3, 0, 3,     1, 2, 3, table, 1, 6, 0,
                                  3,     1, 2, 3, table, 2, 2, 0, 3,     1, 2, 3};
        const uint8_t row[] = {n / 8, (uint8_t)(n * 37), 0, n % 9, 2, 0xff, n};
        const uint8_t page[] = {n / 16, (uint8_t)(n * 16), n % 13, 2, 0xff, n};
        save_change(target, "value", i, how | 4, (struct jb_bytes){values, sizeof values});
        save_change(target, "row", i, how | 2, (struct jb_bytes){row, sizeof row});
        save_change(target, "page", i, how, (struct jb_bytes){page, sizeof page});
    }
}

static void ledger_seeds(void)
{
    static const uint8_t swift[] = {0, 32, 24, 56};
    static const uint8_t fresh[] = {0, 32, 24, 56, 64, 88, 96, 120, 128, 184};

    ledger_changes("ledger", swift, sizeof swift);
    ledger_changes("ledgerfile", fresh, sizeof fresh);
}

static void key_seeds(uint8_t suite)
{
    static struct seed in;
    struct jb_node_keys keys;
    struct jb_public_keys public;
    struct jb_fault fault = {""};
    char text[JB_KEYS_PUBLIC_TEXT_BYTES];
    char name[32];
    char path[256];

    FUZZ_MUST(jb_keys_generate(suite, &keys, &fault) == JB_OK);
    jb_keys_public(&keys, &public);
    jb_keys_public_text(&public, text);
    in.len = 0;
    seed_byte(&in, 0);
    seed_put(&in, text, strlen(text));
    (void)snprintf(name, sizeof name, "line-%d", suite);
    seed_save(&in, "keys", name);
    (void)snprintf(path, sizeof path, "%s/key.tmp", seed_folder());
    (void)remove(path);
    FUZZ_MUST(jb_keys_save(&keys, path, &fault) == JB_OK);
    (void)snprintf(name, sizeof name, "file-%d", suite);
    seed_file("keys", name, 1, path);
    FUZZ_MUST(remove(path) == 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: seed FOLDER\n");
        return 2;
    }
    seed_into(argv[1]);
    struct fuzz_broker *f = fuzz_broker();
    act_seeds(f);
    frame_seeds(f);
    seed_blobs(f);
    seed_restores(f);
    seed_admins(f);
    stream_seeds(f);
    fuzz_undo = false; /* what the desk begins with is to stay */
    struct desk *d = fuzz_desk();
    entry_seeds(d);
    body_seeds(&jb__request__descriptor, "local", 1);
    body_seeds(&jb__request__descriptor, "json", 1);
    body_seeds(&jb__reply__descriptor, "json", 0);
    submit_requests(d);
    seed_lines(d);
    seed_rights();
    text_seeds();
    ledger_seeds();
    key_seeds(JB_SUITE_ED25519);
    key_seeds(JB_SUITE_SM2_SM3);
    seed_ticks();
    return 0;
}
