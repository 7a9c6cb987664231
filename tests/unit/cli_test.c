/* The command line client against a stand-in for the agent: languages, exit codes, tables, JSON,
 * values as they are typed, and that nothing harmful reaches a terminal. */
#include "tests/unit/cliworld.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *refusal_name = "STALE_CUSTODY"; /* what the stand-in refuses with */

/* U+202E turns the direction of writing; byte by byte, so that no editor obeys it here. */
static const char bidi[] = {(char)0xE2, (char)0x80, (char)0xAE, '\0'};
static char evil_title[64];

/* ---- the stand-in ---------------------------------------------------------------------------- */

static void send_cases(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseList list = JB__CASE_LIST__INIT;
    Jb__CaseView view = JB__CASE_VIEW__INIT;
    Jb__CaseView *views[] = {&view};
    view.number = cli_mutable(NUMBER);
    view.title = evil_title;
    view.host_name = cli_mutable("县人社局");
    view.has_stage = view.has_light = view.has_next_due_ms = view.has_objection_open = true;
    view.stage = JIAOBAN_STAGE_SENT;
    view.light = JB__LIGHT__LIGHT_RED;
    view.next_due_ms = 1796054400000; /* the end of 2026-11-30 */
    view.next_key = cli_mutable("notify");
    view.objection_open = true;
    list.n_cases = 1;
    list.cases = views;
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_CASES;
    reply.cases = &list;
    fake_send(peer, &reply);
}

static void send_check(struct fake_peer *peer, uint64_t id, bool good)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__VerifyView view = JB__VERIFY_VIEW__INIT;
    view.has_ok = view.has_receipts = view.has_chain_intact = view.has_signatures_good = true;
    view.has_tables_equal = view.has_broker_asked = view.has_equals_broker = true;
    view.ok = view.chain_intact = good;
    view.signatures_good = view.tables_equal = view.broker_asked = view.equals_broker = true;
    view.receipts = 24;
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_VERIFY;
    reply.verify = &view;
    fake_send(peer, &reply);
}

static void send_refusal(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__SettledView view = JB__SETTLED_VIEW__INIT;
    view.name = cli_mutable(refusal_name);
    view.detail = cli_mutable("what and where");
    view.has_code = view.has_holder = true;
    view.code = 106;
    view.holder = 12;
    view.holder_name = cli_mutable("县人社局");
    reply.id = id;
    reply.body_case = JB__REPLY__BODY_SETTLED;
    reply.settled = &view;
    fake_send(peer, &reply);
}

static void answer(struct fake_peer *peer, const Jb__Request *r, void *data)
{
    struct world *w = data;
    if (r->body_case == JB__REQUEST__BODY_CASES)
        send_cases(peer, r->id);
    else if (r->body_case == JB__REQUEST__BODY_VERIFY)
        send_check(peer, r->id, w->mode != REFUSE);
    else if (r->body_case == JB__REQUEST__BODY_SUBMIT && w->mode == REFUSE)
        send_refusal(peer, r->id);
    else
        world_answer(peer, r, data);
}

static int set_up(void **state)
{
    refusal_name = "STALE_CUSTODY";
    (void)snprintf(evil_title, sizeof evil_title, "拖欠\x1b[2J工资\n第二行%s", bidi);
    return cli_world_set_up(state, answer);
}

/* ---- languages ------------------------------------------------------------------------------- */

static void test_language(void **state)
{
    struct world *w = *state;
    const struct {
        const char *variable, *value, *option, *said;
    } rows[] = {
        {"LANG", "", NULL, "信访件编号"},
        {"LANG", "C", NULL, "信访件编号"},
        {"LANG", "C.UTF-8", NULL, "信访件编号"},
        {"LANG", "zh_CN.UTF-8", NULL, "信访件编号"},
        {"LANG", "en_US.UTF-8", NULL, "CASE"},
        {"LC_ALL", "en_GB", NULL, "CASE"},
        {"LANGUAGE", "en", NULL, "CASE"},
        {"LANGUAGE", "zh:en", NULL, "信访件编号"},
        {"LANG", "en_US.UTF-8", "--lang=zh", "信访件编号"},
        {"LANG", "zh_CN.UTF-8", "--lang=en", "CASE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsetenv("LANGUAGE");
        unsetenv("LC_ALL");
        setenv(rows[i].variable, rows[i].value, 1);
        assert_int_equal(RUN(w, "help", "show", rows[i].option), 0);
        cli_says(cli_output, rows[i].said);
    }
}

/* ---- output ---------------------------------------------------------------------------------- */

static void test_list(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "list"), 0);
    cli_says(cli_output, NUMBER);
    cli_says(cli_output, "● 红");
    cli_says(cli_output, "待签收");
    cli_says(cli_output, "县人社局");
    cli_says(cli_output, "异议");
    cli_says(cli_output, "11月30日");
    assert_null(strchr(cli_output, '\x1b')); /* neither from the title, nor colours into a file */
    assert_null(strstr(cli_output, bidi));
    assert_int_equal(RUN(w, "list", "--lang", "en"), 0);
    cli_says(cli_output, "● red");
    cli_says(cli_output, "2026-11-30");
}

static void test_json(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "list", "--json"), 0);
    assert_true(cli_output[0] == '{');
    cli_says(cli_output, "\"number\": \"" NUMBER "\"");
    assert_null(strchr(cli_output, '\x1b'));
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "note", NUMBER, "x", "--json"), 3);
    cli_says(cli_output, "\"name\": \"STALE_CUSTODY\"");
    assert_int_equal(RUN(w, "note", "12", "x", "--json"), 5);
    cli_says(cli_output, "{\"error\":{\"name\":\"MALFORMED\",\"exit\":5");
}

static void test_verify(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "verify"), 0);
    cli_says(cli_output, "副本与中心一致，链完整，24 条回执");
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "verify"), 9);
    cli_says(cli_output, "链已断裂");
}

static void test_show(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "show", NUMBER), 0);
    cli_says(cli_output, "拖欠工资");
    cli_says(cli_output, "交办，→ 城关派出所");
    cli_says(cli_output, "请于期限内办结");
    assert_int_equal(RUN(w, "show", NUMBER, "--no-timeline"), 0);
    assert_null(strstr(cli_output, "请于期限内办结"));
}

static void test_pending(void **state)
{
    struct world *w = *state;
    w->mode = PENDING;
    assert_int_equal(RUN(w, "note", NUMBER, "x"), 0);
    cli_says(cli_output, "已存入发件箱，第 17 号");
    assert_int_equal(RUN(w, "pending"), 0);
    cli_says(cli_output, "发件箱是空的");
}

/* ---- input ----------------------------------------------------------------------------------- */

static void test_exit_codes(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "dance"), 2);
    assert_int_equal(RUN(w, "node", "dance"), 2);
    assert_int_equal(RUN(w, "show"), 2);
    assert_int_equal(RUN(w, "show", NUMBER, "more", "and more"), 2);
    assert_int_equal(RUN(w, "show", NUMBER, "--no-such-option"), 2);
    assert_int_equal(RUN(w, "show", "20261123-00007-00042-4"), 5);
    assert_int_equal(RUN(w, "assign", NUMBER, "水利局"), 4);
    cli_says(cli_errors, "找不到");
    assert_int_equal(RUN(w, "assign", NUMBER, "城关"), 5);
    assert_int_equal(RUN(w, "assign", NUMBER, "cgz", "--due", "someday"), 5);
    assert_int_equal(RUN(w, "assign", NUMBER, "cgz", "--custody", "-1"), 5);
    assert_int_equal(RUN(w, "answer", NUMBER, "x", "--opinion", "perhaps"), 5);
    assert_int_equal(RUN(w, "note", NUMBER, "@/nonexistent"), 5);
    assert_int_equal(RUN(w, "status", "--socket", "/nonexistent/a.sock"), 7);
    cli_says(cli_errors, "/nonexistent/a.sock");
    cli_says(cli_errors, "jiaoban-agent");
    w->mode = HANG_UP;
    assert_int_equal(RUN(w, "note", NUMBER, "x"), 7);
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "node", "add", "zjj", "住建局", "--admin", fake_agent_path(w->fake)),
                     3);
    cli_says(cli_errors, "被拒绝：本件已移交");
}

static void test_register(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "register", "修路", "--kind", "申诉求决", "--channel", "visit",
                         "--flag", "repeat,重大紧急", "--people", "3", "--received",
                         "2026年11月20日", "--foreign", "市长信箱:889", "--person",
                         "name=张三,phone=139,main", "--person", "姓名=李四,住址=甲\\,乙"),
                     0);
    assert_int_equal(w->kind, JB_ACT_REGISTER);
    assert_int_equal(w->persons, 2);
    assert_string_equal(w->act_text, "修路");
    assert_int_equal(RUN(w, "register", "修路", "--flag", "nonsense"), 5);
    assert_int_equal(RUN(w, "register", "修路", "--person", "height=180"), 5);
    assert_int_equal(RUN(w, "register", "修路", "--foreign", "nonumber"), 5);
    assert_int_equal(RUN(w, "register", "a\x1b[2J"), 5);
    assert_null(strchr(cli_errors, '\x1b'));
}

static void test_assign(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "assign", NUMBER, "zrzy", "--co", "cgz,城关派出所", "--due",
                         "2026-12-20", "--authority", "first-assignment", "-m", "办"),
                     0);
    assert_int_equal(w->act_node, 12);
    assert_int_equal(w->co_handlers, 2);
    assert_string_equal(w->act_text, "办");
    assert_int_equal(RUN(w, "assign", NUMBER, "--to", "城关镇", "--wait", "3"), 0);
    assert_int_equal(w->act_node, 10);
    assert_int_equal(w->wait_ms, 3000);
}

static void test_text_from_file(void **state)
{
    struct world *w = *state;
    char path[] = "/tmp/jbtext.XXXXXX";
    char value[64];
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "两行\n正文\n", 14) == 14);
    (void)snprintf(value, sizeof value, "@%s", path);
    assert_int_equal(RUN(w, "note", NUMBER, "--text", value), 0);
    assert_string_equal(w->act_text, "两行\n正文");
    assert_int_equal(RUN(w, "note", NUMBER, "@@somebody"), 0);
    assert_string_equal(w->act_text, "@somebody");
    assert_true(pwrite(fd, "\0", 1, 3) == 1);
    assert_int_equal(RUN(w, "note", NUMBER, value), 5);
    close(fd);
    unlink(path);
}

static void test_complete(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "complete", "verbs"), 0);
    cli_says(cli_output, "assign\n");
    assert_null(strstr(cli_output, "complete"));
    assert_int_equal(RUN(w, "complete", "options", "assign"), 0);
    cli_says(cli_output, "--due=\n");
    assert_int_equal(RUN(w, "complete", "agencies"), 0);
    cli_says(cli_output, "cgz\n");
    assert_int_equal(RUN(w, "complete", "cases"), 0);
    cli_says(cli_output, NUMBER "\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_language), T(test_list),           T(test_json),       T(test_verify),
        T(test_show),     T(test_pending),        T(test_exit_codes), T(test_register),
        T(test_assign),   T(test_text_from_file), T(test_complete),
    };
    return cmocka_run_group_tests_name("cli", tests, cli_world_catalogues, NULL);
}
