/* The command line client against a stand-in for the agent: languages, exit codes, every refusal in
 * words, tables, JSON, values as they are typed, and that nothing harmful reaches a terminal. */
#include "tests/unit/clientworld.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients/cli/cli.h"
#include "proto/rules/refusal.h"

#define OUTPUT_BYTES 65536
#define ARGS_MAX 24
#define NUMBER "20261123-00007-00042-9"

static char output[OUTPUT_BYTES]; /* of the last run: stdout, then stderr */
static char errors[OUTPUT_BYTES];
static const char *refusal_name = "STALE_CUSTODY"; /* what the stand-in refuses with */
static const char *refusal_article = "";

/* U+202E turns the direction of writing; byte by byte, so that no editor obeys it here. */
static const char bidi[] = {(char)0xE2, (char)0x80, (char)0xAE, '\0'};
static char evil_title[64];

static int file_for(FILE **out, int fd)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    *out = tmpfile();
    int kept = dup(fd);
    assert_true(*out != NULL && kept >= 0 && dup2(fileno(*out), fd) == fd);
    return kept;
}

static void read_back(FILE *file, int fd, int kept, char *text)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    assert_true(dup2(kept, fd) == fd);
    close(kept);
    rewind(file);
    text[fread(text, 1, OUTPUT_BYTES - 1, file)] = '\0';
    fclose(file);
}

/* Run "jiaoban --socket PATH ..." in this process; words end with NULL. */
static int run(struct world *w, const char *const *words)
{
    char *argv[ARGS_MAX] = {(char *)(uintptr_t) "jiaoban", (char *)(uintptr_t) "--socket",
                            (char *)(uintptr_t)fake_agent_path(w->fake)};
    FILE *out = NULL;
    FILE *err = NULL;
    int argc = 3;
    for (; *words != NULL; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    argv[argc] = NULL;
    int kept_out = file_for(&out, STDOUT_FILENO);
    int kept_err = file_for(&err, STDERR_FILENO);
    int code = cli_run(argc, argv);
    read_back(out, STDOUT_FILENO, kept_out, output);
    read_back(err, STDERR_FILENO, kept_err, errors);
    return code;
}
#define RUN(w, ...) run(w, (const char *const[]){__VA_ARGS__, NULL})

static void says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("\"%s\" is not in:\n%s\n", part, text);
        fail();
    }
}

/* ---- the stand-in ---------------------------------------------------------------------------- */

static char *mutable(const char *text)
{
    return (char *)(uintptr_t)text;
}

static void send_cases(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__CaseList list = JB__CASE_LIST__INIT;
    Jb__CaseView view = JB__CASE_VIEW__INIT;
    Jb__CaseView *views[] = {&view};
    view.number = mutable(NUMBER);
    view.title = evil_title;
    view.host_name = mutable("县人社局");
    view.has_stage = view.has_light = view.has_next_due_ms = view.has_objection_open = true;
    view.stage = JIAOBAN_STAGE_SENT;
    view.light = JB__LIGHT__LIGHT_RED;
    view.next_due_ms = 1796054400000; /* the end of 2026-11-30 */
    view.next_key = mutable("notify");
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
    view.name = mutable(refusal_name);
    view.article = mutable(refusal_article);
    view.detail = mutable("what and where");
    view.has_code = view.has_holder = true;
    view.code = 106;
    view.holder = 12;
    view.holder_name = mutable("县人社局");
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
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG",
                                            "NO_COLOR"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    refusal_name = "STALE_CUSTODY";
    refusal_article = "";
    if (world_set_up(state) != 0)
        return -1;
    struct world *w = *state;
    (void)snprintf(evil_title, sizeof evil_title, "拖欠\x1b[2J工资\n第二行%s", bidi);
    fake_agent_stop(w->fake);
    w->fake = fake_agent_start(answer, w);
    return 0;
}

/* The catalogues of the build folder that this program lies in. */
static int find_catalogues(void **state)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 32);
    (void)state;
    for (int up = 0; len > 0 && up < 2; up++) {
        path[len] = '\0';
        char *slash = strrchr(path, '/');
        len = slash != NULL ? slash - path : 0;
    }
    if (len <= 0)
        return -1;
    memcpy(path + len, "/locale", sizeof "/locale");
    return setenv("JIAOBAN_LOCALEDIR", path, 1);
}

/* ---- languages ------------------------------------------------------------------------------- */

static void test_language(void **state)
{
    struct world *w = *state;
    const struct {
        const char *variable, *value, *option, *said;
    } rows[] = {
        {"LANG", "", NULL, "案件号"},
        {"LANG", "C", NULL, "案件号"},
        {"LANG", "C.UTF-8", NULL, "案件号"},
        {"LANG", "zh_CN.UTF-8", NULL, "案件号"},
        {"LANG", "en_US.UTF-8", NULL, "CASE"},
        {"LC_ALL", "en_GB", NULL, "CASE"},
        {"LANGUAGE", "en", NULL, "CASE"},
        {"LANGUAGE", "zh:en", NULL, "案件号"},
        {"LANG", "en_US.UTF-8", "--lang=zh", "案件号"},
        {"LANG", "zh_CN.UTF-8", "--lang=en", "CASE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsetenv("LANGUAGE");
        unsetenv("LC_ALL");
        setenv(rows[i].variable, rows[i].value, 1);
        assert_int_equal(RUN(w, "help", "show", rows[i].option), 0);
        says(output, rows[i].said);
    }
}

/* Every text of the tables has a Chinese form: no verb, option or refusal is left in English. */
static void test_translations(void **state)
{
    static const char *const same[] = {"zh|en", "agree|refuse"};
    (void)state;
    cli_lang("zh");
    assert_string_not_equal(gettext("register a matter; prints its case number"),
                            "register a matter; prints its case number");
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        assert_string_not_equal(gettext(cli_verb_at(i)->doc), cli_verb_at(i)->doc);
    for (int i = 1; i < OPT_TOTAL; i++)
        if (cli_options[i].doc != NULL)
            assert_string_not_equal(gettext(cli_options[i].doc), cli_options[i].doc);
    for (int i = 1; i < OPT_TOTAL; i++)
        if (cli_options[i].arg != NULL && strcmp(cli_options[i].arg, same[0]) != 0 &&
            strcmp(cli_options[i].arg, same[1]) != 0)
            assert_string_not_equal(gettext(cli_options[i].arg), cli_options[i].arg);
}

static void test_every_refusal(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *name, *article, *text;
    } rows[] = {
#define X(name, number, article, text) {#name, article, text},
        JB_REFUSALS(X)
#undef X
    };
    w->mode = REFUSE;
    for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++) {
        refusal_name = rows[i].name;
        refusal_article = rows[i].article;
        assert_int_equal(RUN(w, "--lang=en", "note", NUMBER, "x"), 3);
        says(errors, rows[i].text); /* the texts of the rules, word for word */
        assert_int_equal(RUN(w, "--lang=zh", "note", NUMBER, "x"), 3);
        assert_null(strstr(errors, rows[i].text));
        says(errors, "被拒绝:");
        says(errors, "现承办单位:县人社局");
        if (rows[i].article[0] != '\0')
            says(errors, "依据:");
    }
    refusal_name = "STALE_CUSTODY";
    refusal_article = "23(3)";
    (void)RUN(w, "sign", NUMBER);
    says(errors, "被拒绝:本件已移交");
    says(errors, "《信访工作条例》第二十三条第三款");
    refusal_name = "FROM_THE_FUTURE"; /* of a newer broker */
    assert_int_equal(RUN(w, "sign", NUMBER), 3);
    says(errors, "what and where");
    refusal_article = "";
}

/* ---- output ---------------------------------------------------------------------------------- */

static void test_list(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "list"), 0);
    says(output, NUMBER);
    says(output, "● 红");
    says(output, "待签收");
    says(output, "县人社局");
    says(output, "异议");
    says(output, "11月30日");
    assert_null(strchr(output, '\x1b')); /* neither from the title, nor colours into a file */
    assert_null(strstr(output, bidi));
    assert_int_equal(RUN(w, "list", "--lang", "en"), 0);
    says(output, "● red");
    says(output, "2026-11-30");
}

static void test_json(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "list", "--json"), 0);
    assert_true(output[0] == '{');
    says(output, "\"number\": \"" NUMBER "\"");
    assert_null(strchr(output, '\x1b'));
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "note", NUMBER, "x", "--json"), 3);
    says(output, "\"name\": \"STALE_CUSTODY\"");
    assert_int_equal(RUN(w, "note", "12", "x", "--json"), 5);
    says(output, "{\"error\":{\"name\":\"MALFORMED\",\"exit\":5");
}

static void test_verify(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "verify"), 0);
    says(output, "副本与中心一致,链完整,24 条回执");
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "verify"), 9);
    says(output, "链已断裂");
}

static void test_show(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "show", NUMBER), 0);
    says(output, "拖欠工资");
    says(output, "交办,→ 城关派出所");
    says(output, "请于期限内办结");
    assert_int_equal(RUN(w, "show", NUMBER, "--no-timeline"), 0);
    assert_null(strstr(output, "请于期限内办结"));
}

static void test_pending(void **state)
{
    struct world *w = *state;
    w->mode = PENDING;
    assert_int_equal(RUN(w, "note", NUMBER, "x"), 0);
    says(output, "已存入发件箱,第 17 号");
    assert_int_equal(RUN(w, "pending"), 0);
    says(output, "发件箱是空的");
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
    says(errors, "找不到");
    assert_int_equal(RUN(w, "assign", NUMBER, "城关"), 5);
    assert_int_equal(RUN(w, "assign", NUMBER, "cgz", "--due", "someday"), 5);
    assert_int_equal(RUN(w, "assign", NUMBER, "cgz", "--custody", "-1"), 5);
    assert_int_equal(RUN(w, "answer", NUMBER, "x", "--opinion", "perhaps"), 5);
    assert_int_equal(RUN(w, "note", NUMBER, "@/nonexistent"), 5);
    assert_int_equal(RUN(w, "status", "--socket", "/nonexistent/a.sock"), 7);
    says(errors, "/nonexistent/a.sock");
    says(errors, "jiaoban-agent");
    w->mode = HANG_UP;
    assert_int_equal(RUN(w, "note", NUMBER, "x"), 7);
    w->mode = REFUSE;
    assert_int_equal(RUN(w, "node", "add", "zjj", "住建局", "--admin", fake_agent_path(w->fake)),
                     3);
    says(errors, "被拒绝:本件已移交");
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
    assert_null(strchr(errors, '\x1b'));
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
    says(output, "assign\n");
    assert_null(strstr(output, "complete"));
    assert_int_equal(RUN(w, "complete", "options", "assign"), 0);
    says(output, "--due=\n");
    assert_int_equal(RUN(w, "complete", "agencies"), 0);
    says(output, "cgz\n");
    assert_int_equal(RUN(w, "complete", "cases"), 0);
    says(output, NUMBER "\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_language),   T(test_translations), T(test_every_refusal), T(test_list),
        T(test_json),       T(test_verify),       T(test_show),          T(test_pending),
        T(test_exit_codes), T(test_register),     T(test_assign),        T(test_text_from_file),
        T(test_complete),
    };
    return cmocka_run_group_tests_name("cli", tests, find_catalogues, NULL);
}
