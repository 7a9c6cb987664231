/* Texts for clerks: every refusal in its three parts and every alarm, in both languages; the
 * particulars of the rules, held against the rules' sources; articles spelled out. */
#include "tests/unit/cliworld.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/rules/refusal.h"

static struct { /* what the stand-in refuses with */
    const char *name, *article, *detail;
} refusal;
static const char *alarm_kind; /* of the alarm that it has */

/* ---- the stand-in ---------------------------------------------------------------------------- */

static void send_refusal(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__SettledView view = JB__SETTLED_VIEW__INIT;
    view.name = cli_mutable(refusal.name);
    view.article = cli_mutable(refusal.article);
    view.detail = cli_mutable(refusal.detail);
    view.case_number = cli_mutable(NUMBER);
    view.has_code = view.has_holder = true;
    view.code = 106;
    view.holder = 12;
    view.holder_name = cli_mutable("县人社局");
    reply.body_case = JB__REPLY__BODY_SETTLED;
    reply.settled = &view;
    cli_reply(peer, id, &reply);
}

static void send_alarm(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__AlarmList list = JB__ALARM_LIST__INIT;
    Jb__AlarmView view = JB__ALARM_VIEW__INIT;
    Jb__AlarmView *views[] = {&view};
    view.has_deadline_id = view.has_due_ms = view.has_at_ms = view.has_case_no = true;
    view.deadline_id = 3;
    view.due_ms = 1796054400000; /* the end of 2026-11-30 */
    view.at_ms = 1795449600000;
    view.case_no = 2026112300007000429;
    view.number = cli_mutable(NUMBER);
    view.kind = cli_mutable(alarm_kind);
    view.text = cli_mutable("deadline 3 (handle)");
    list.n_alarms = 1;
    list.alarms = views;
    reply.body_case = JB__REPLY__BODY_ALARMS;
    reply.alarms = &list;
    cli_reply(peer, id, &reply);
}

static void send_deadline(struct fake_peer *peer, uint64_t id)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__DeadlineList list = JB__DEADLINE_LIST__INIT;
    Jb__DeadlineView view = JB__DEADLINE_VIEW__INIT;
    Jb__DeadlineView *views[] = {&view};
    view.has_deadline_id = view.has_due_ms = true;
    view.deadline_id = 3;
    view.due_ms = 1796054400000;
    view.key = cli_mutable("handle");
    view.key_text = cli_mutable("办理期限");
    view.node_name = cli_mutable("县住建局");
    view.article = cli_mutable("《信访工作条例》第三十四条");
    list.n_deadlines = 1;
    list.deadlines = views;
    reply.body_case = JB__REPLY__BODY_DEADLINES;
    reply.deadlines = &list;
    cli_reply(peer, id, &reply);
}

static void answer(struct fake_peer *peer, const Jb__Request *r, void *data)
{
    if (r->body_case == JB__REQUEST__BODY_SUBMIT)
        send_refusal(peer, r->id);
    else if (r->body_case == JB__REQUEST__BODY_ALARMS)
        send_alarm(peer, r->id);
    else if (r->body_case == JB__REQUEST__BODY_DEADLINES)
        send_deadline(peer, r->id);
    else
        world_answer(peer, r, data);
}

static int set_up(void **state)
{
    refusal.name = "STALE_CUSTODY";
    refusal.article = refusal.detail = "";
    alarm_kind = "overdue";
    return cli_world_set_up(state, answer);
}

/* ---- refusals -------------------------------------------------------------------------------- */

/* The rest of the line that begins with this label; "" if there is none. */
static const char *line_after(const char *text, const char *label)
{
    static char line[1024];
    const char *at = strstr(text, label);
    line[0] = '\0';
    if (at != NULL)
        (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(at + strlen(label), "\n"),
                       at + strlen(label));
    return line;
}

static const struct {
    const char *name, *article, *text;
} all[] = {
#define X(name, number, article, text) {#name, article, text},
    JB_REFUSALS(X)
#undef X
};

/* What happened, the rule, what to do next: none of the three is missing in either language. */
static void test_every_refusal(void **state)
{
    struct world *w = *state;
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++) {
        refusal.name = all[i].name;
        refusal.article = all[i].article;
        assert_non_null(cli_refusal_find(all[i].name));
        assert_int_equal(RUN(w, "--lang=en", "note", NUMBER, "x"), 3);
        cli_says(cli_errors, all[i].text); /* the texts of the rules, word for word */
        assert_true(strlen(line_after(cli_errors, "according to: ")) > 3);
        assert_true(strlen(line_after(cli_errors, "what to do: ")) > 10);
        assert_int_equal(RUN(w, "--lang=zh", "note", NUMBER, "x"), 3);
        assert_null(strstr(cli_errors, all[i].text));
        cli_says(cli_errors, "被拒绝：");
        cli_says(cli_errors, "现承办单位：县人社局");
        assert_true(strlen(line_after(cli_errors, "依据：")) > 5);
        assert_true(strlen(line_after(cli_errors, "怎么办：")) > 10);
        assert_string_not_equal(line_after(cli_errors, "依据："), all[i].article);
    }
}

static void test_refusal_words(void **state)
{
    struct world *w = *state;
    refusal.article = "23(3)";
    (void)RUN(w, "sign", NUMBER);
    cli_says(cli_errors, "被拒绝：本件已移交");
    cli_says(cli_errors, "《信访工作条例》第二十三条第三款");
    cli_says(cli_errors, "jiaoban show " NUMBER); /* to be copied as it stands */
    refusal.name = "FROM_THE_FUTURE";             /* of a newer broker */
    refusal.article = "";
    refusal.detail = "what and where";
    assert_int_equal(RUN(w, "sign", NUMBER), 3);
    cli_says(cli_errors, "被规则拒绝");
    cli_says(cli_errors, "〔what and where〕");
    cli_says(cli_errors, "怎么办：");
    refusal.name = "TOO_LARGE"; /* without a rule */
    assert_int_equal(RUN(w, "sign", NUMBER), 3);
    cli_says(cli_errors, "太大");
}

/* ---- articles -------------------------------------------------------------------------------- */

static void test_articles(void **state)
{
    static const struct {
        const char *article, *chinese, *english;
    } rows[] = {
        {"", "", ""},
        {"22", "《信访工作条例》第二十二条", "Regulations, Art. 22"},
        {"23(3)", "《信访工作条例》第二十三条第三款", "Regulations, Art. 23, paragraph 3"},
        {"31(6)", "《信访工作条例》第三十一条第（六）项", "Regulations, Art. 31, item 6"},
        {"10", "《信访工作条例》第十条", "Regulations, Art. 10"},
        {"G11", "国信发〔2022〕11号", "Guo Xin Fa (2022) No. 11"},
        {"SPEECH", "第一交办权", "first assignment authority"},
        {"P9.9", "本系统规则 9.9", "rule 9.9 of this system"},
        {"《信访工作条例》第三十四条", "《信访工作条例》第三十四条", "Regulations, Art. 34"},
        {"《信访工作条例》第二十二条第三项", "《信访工作条例》第二十二条第三项",
         "Regulations, Art. 22, item 3"},
        {"第一交办权·督查督促权；《信访工作条例》第三十九条",
         "第一交办权·督查督促权；《信访工作条例》第三十九条",
         "first assignment authority, power to supervise and urge; Regulations, Art. 39"},
        {"某省实施办法第九条", "某省实施办法第九条", "某省实施办法第九条"},
    };
    struct cli c = {.now_ms = 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cli_lang("zh");
        assert_string_equal(cli_article(&c, rows[i].article), rows[i].chinese);
        cli_lang("en");
        assert_string_equal(cli_article(&c, rows[i].article), rows[i].english);
    }
    cli_free_owned(&c);
}

/* Every article that a refusal names is spelled out. */
static void test_articles_of_refusals(void **state)
{
    struct cli c = {.now_ms = 0};
    (void)state;
    cli_lang("zh");
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++)
        if (all[i].article[0] != '\0')
            assert_string_not_equal(cli_article(&c, all[i].article), all[i].article);
    cli_free_owned(&c);
}

/* ---- particulars ----------------------------------------------------------------------------- */

static void test_details(void **state)
{
    static const struct {
        const char *detail, *chinese;
    } rows[] = {
        {"assign: node is missing", "交办：缺少单位"},
        {"notify: told_at_ms is missing", "告知信访人：缺少告知信访人的日期"},
        {"title: 1030 bytes, at most 1024", "标题：1030 字节，上限 1024 字节"},
        {"the case is signed", "此件已签收"},
        {"35: nobody stands above 县政府", "《信访工作条例》第三十五条：县政府 没有上级"},
        {"owed by 县住建局", "由 县住建局 负责"},
        {"no calendar is in force", "没有生效的日历"},
        {"discipline organs take no orders on the merits: refer instead",
         "不得就实体问题指令纪检监察机关：请移送"},
        {"sign_for", "签收"},
        {"a rule of tomorrow", "〔a rule of tomorrow〕"},
        {"title: x\x1b[2J", "标题：x\\x1B[2J"},
    };
    struct cli c = {.now_ms = 0};
    (void)state;
    cli_lang("zh");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(cli_detail(&c, rows[i].detail), rows[i].chinese);
    cli_lang("en");
    assert_string_equal(cli_detail(&c, "assign: told_at_ms is missing"),
                        "assign: day on which the petitioner was told is missing");
    assert_string_equal(cli_detail(&c, "a rule of tomorrow"), "a rule of tomorrow");
    cli_free_owned(&c);
}

/* Agencies and cases are shown by name and number as people know them. */
static void test_detail_names(void **state)
{
    struct world *w = *state;
    refusal.name = "HOST_IS_CO_HANDLER";
    refusal.detail = "co_handlers: node 11";
    (void)RUN(w, "sign", NUMBER);
    cli_says(cli_errors, "协办单位：城关派出所");
}

/* The literals of the third argument, joined; false: it is no literal. `at` is behind the '('. */
static bool format_at(const char *at, char *format, size_t size)
{
    int commas = 0;
    int depth = 0;
    bool found = false;
    size_t n = 0;
    for (; *at != '\0' && depth >= 0 && commas < 3; at++) {
        if (*at == '"') {
            for (at++; *at != '"' && *at != '\0'; at++) {
                at += *at == '\\' && at[1] == '"';
                if (commas == 2 && n + 1 < size)
                    format[n++] = *at;
            }
            found = found || commas == 2;
            if (*at == '\0')
                break;
        } else {
            depth += (*at == '(') - (*at == ')');
            commas += *at == ',' && depth == 0;
        }
    }
    format[n] = '\0';
    return found;
}

static bool is_known(const char *format)
{
    for (size_t i = 0; cli_detail_format(i) != NULL; i++)
        if (strcmp(cli_detail_format(i), format) == 0)
            return strcmp(gettext(format), format) != 0;
    return false;
}

static size_t check_source(const char *path, const char *call)
{
    char format[512];
    size_t unknown = 0;
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    char *text = calloc(1, 1024 * 1024);
    assert_non_null(text);
    assert_true(fread(text, 1, 1024 * 1024 - 1, in) < 1024 * 1024 - 1);
    fclose(in);
    for (const char *at = strstr(text, call); at != NULL; at = strstr(at + 1, call)) {
        bool literal = format_at(at + strlen(call), format, sizeof format);
        if (literal && strcmp(format, "%s") != 0 && !is_known(format)) {
            print_error("%s: \"%s\" has no Chinese text in clients/cli\n", path, format);
            unknown++;
        }
    }
    free(text);
    return unknown;
}

/* Every format in which rules and agent make particulars has a translation. */
static void test_formats(void **state)
{
    static const struct {
        const char *files, *call;
    } sources[] = {
        {"proto/rules/*.c", "jb_detail_set("},        {"daemon/*.c", "jb_detail_set("},
        {"clients/agent/*.c", "jb_detail_set("},      {"clients/agent/ask_*.c", "jb_fault_set("},
        {"clients/agent/submit.c", "jb_fault_set("},  {"clients/agent/reader.c", "jb_fault_set("},
        {"clients/agent/waiters.c", "jb_fault_set("}, {"clients/agent/attach.c", "jb_fault_set("},
        {"proto/rules/policy*.c", "jb_fault_set("},   {"proto/rules/calendar.c", "jb_fault_set("}};
    size_t unknown = 0;
    size_t files = 0;
    (void)state;
    cli_lang("zh");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        glob_t found;
        assert_int_equal(glob(sources[i].files, 0, NULL, &found), 0);
        for (size_t f = 0; f < found.gl_pathc; f++)
            unknown += check_source(found.gl_pathv[f], sources[i].call);
        files += found.gl_pathc;
        globfree(&found);
    }
    assert_true(files > 20);
    assert_int_equal(unknown, 0);
}

/* ---- alarms ---------------------------------------------------------------------------------- */

static void test_alarms(void **state)
{
    static const struct {
        const char *kind, *chinese, *english, *next;
    } rows[] = {
        {"warn", "期限临近", "comes near", "jiaoban answer " NUMBER},
        {"overdue", "期限已过", "has passed", "jiaoban answer " NUMBER},
        {"missed", "其他单位逾期未办", "another agency", "jiaoban urge " NUMBER},
        {"silent", "无人签收", "nobody there", "jiaoban urge " NUMBER},
        {"undelivered", "仍未送达", "not arrived", "jiaoban show " NUMBER},
        {"directive_missed", "指令逾期", "not followed", "jiaoban directives " NUMBER},
        {"directive", "收到一项指令", "has arrived", "jiaoban directives " NUMBER},
        {"summons", "到场接访", "summoned", "jiaoban directive sign " NUMBER},
        {"dispute", "须由本单位裁定", "to be settled", "jiaoban designate " NUMBER},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        alarm_kind = rows[i].kind;
        assert_int_equal(RUN(w, "alarms", "--lang", "zh"), 0);
        cli_says(cli_output, rows[i].chinese);
        cli_says(cli_output, "办理期限，县住建局");
        cli_says(cli_output, "依据：《信访工作条例》第三十四条");
        cli_says(cli_output, rows[i].next);
        assert_int_equal(RUN(w, "alarms", "--lang", "en"), 0);
        cli_says(cli_output, rows[i].english);
        cli_says(cli_output, "according to: Regulations, Art. 34");
        cli_says(cli_output, rows[i].next);
    }
}

/* A clock with this key: it has a name, and what ends it is said. */
static void check_clock(struct cli *c, const char *key)
{
    struct jiaoban_alarm a = {.kind = "overdue", .number = NUMBER, .text = "", .node_name = ""};
    struct jiaoban_deadline d = {.key = key, .key_text = "", .node_name = "", .article = ""};
    cli_lang("zh");
    struct cli_alarm said = cli_alarm_text(c, &a, &d);
    assert_string_not_equal(cli_key_text(key), key);
    assert_null(strstr(said.next, "jiaoban deadlines"));
    cli_says(said.next, NUMBER);
}

/* Every clock of the policy that is delivered has its texts, and every citation in it is known to
 * English readers. */
static void test_policy(void **state)
{
    struct cli c = {.now_ms = 0};
    char line[512];
    char value[256];
    int clocks = 0;
    int articles = 0;
    FILE *in = fopen("deploy/policy/cn-2022.ini", "rb");
    (void)state;
    assert_non_null(in);
    while (fgets(line, sizeof line, in) != NULL) {
        if (sscanf(line, "[deadline %200[^]]", value) == 1) {
            check_clock(&c, value);
            clocks++;
        }
        if (sscanf(line, "article = %250[^\n]", value) == 1) {
            cli_lang("en");
            assert_string_not_equal(cli_article(&c, value), value);
            articles++;
        }
    }
    fclose(in);
    assert_true(clocks > 20 && articles >= clocks);
    cli_free_owned(&c);
}

/* ---- the tables ------------------------------------------------------------------------------ */

/* Every text of the tables has a Chinese form: no verb, option or word is left in English. */
static void test_translations(void **state)
{
    static const char *const same[] = {"zh|en"};
    (void)state;
    cli_lang("zh");
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        assert_string_not_equal(gettext(cli_verb_at(i)->doc), cli_verb_at(i)->doc);
    for (int i = 1; i < OPT_TOTAL; i++) {
        const char *arg = cli_options[i].arg;
        bool stays = arg == NULL;
        for (size_t s = 0; s < sizeof same / sizeof same[0] && !stays; s++)
            stays = strcmp(arg, same[s]) == 0;
        if (cli_options[i].doc != NULL)
            assert_string_not_equal(gettext(cli_options[i].doc), cli_options[i].doc);
        if (!stays)
            assert_string_not_equal(gettext(arg), arg);
        for (const struct jb_word *w = cli_options[i].words; w != NULL && w->code != NULL; w++)
            assert_string_not_equal(gettext(w->text), w->text);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_every_refusal), T(test_refusal_words),
        T(test_articles),      T(test_articles_of_refusals),
        T(test_details),       T(test_detail_names),
        T(test_formats),       T(test_alarms),
        T(test_policy),        T(test_translations),
    };
    return cmocka_run_group_tests_name("cli_text", tests, cli_world_catalogues, NULL);
}
