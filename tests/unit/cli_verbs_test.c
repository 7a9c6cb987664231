/* Every verb that does something: the act that the agent is asked to make of a command line, field
 * by field, as it arrives there. */
#include "tests/unit/cliworld.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/wire/codec.h"

#define OTHER "20261123-00007-00041-2"
#define ACTS_MAX 8

static char acts[ACTS_MAX][4096]; /* as JSON, in the order of their arrival */
static size_t act_count;
static const char *refuse_kind; /* the stand-in refuses this kind; NULL: none */

/* ---- the stand-in ---------------------------------------------------------------------------- */

static enum jb_act_kind note_act(const Jb__DoSubmit *s)
{
    struct jb_arena arena;
    struct jb_act act = {0};
    struct jb_text json = {NULL, 0};
    struct jb_fault fault;
    jb_arena_init(&arena, 1024 * 1024);
    if (jb_act_decode((struct jb_bytes){s->act.data, s->act.len}, &arena, &act, &fault) == JB_OK &&
        jb_act_json(&act, 0, &arena, &json) == JB_OK && act_count < ACTS_MAX)
        (void)snprintf(acts[act_count++], sizeof acts[0], "%.*s", (int)json.len, json.data);
    enum jb_act_kind kind = act.kind;
    jb_arena_fini(&arena);
    return kind;
}

static void settle(struct fake_peer *peer, uint64_t id, const char *kind)
{
    Jb__Reply reply = JB__REPLY__INIT;
    Jb__SettledView view = JB__SETTLED_VIEW__INIT;
    char code[] = "7K3M-X2QP-9DHT";
    view.has_accepted = true;
    view.accepted = refuse_kind == NULL || strcmp(refuse_kind, kind) != 0;
    view.kind = cli_mutable(kind);
    view.case_number = cli_mutable(NUMBER);
    if (!view.accepted)
        view.name = cli_mutable("SECOND_PERSON_REQUIRED");
    else if (strcmp(kind, "register") == 0)
        view.query_code = code;
    reply.body_case = JB__REPLY__BODY_SETTLED;
    reply.settled = &view;
    cli_reply(peer, id, &reply);
}

static void answer(struct fake_peer *peer, const Jb__Request *r, void *data)
{
    if (r->body_case == JB__REQUEST__BODY_SUBMIT)
        settle(peer, r->id, jb_act_kind_name(note_act(r->submit)));
    else
        world_answer(peer, r, data);
}

static int set_up(void **state)
{
    act_count = 0;
    refuse_kind = NULL;
    return cli_world_set_up(state, answer);
}

/* ---- verbs ----------------------------------------------------------------------------------- */

#define WORDS_MAX 20

static const struct verb_row {
    const char *words[WORDS_MAX];
    const char *act; /* what stands in the act behind the case number */
} rows[] = {
    {{"register", "t", "--accused", "cgz,zrzy", "-k", "accusation"},
     "{'kind':'register','matter':'accusation','title':'t','accused':[10,12]}"},
    {{"report-up", NUMBER, "急", "--to", "cgz"}, "{'kind':'report_up','node':10,'text':'急'}"},
    {{"sign", NUMBER}, "{'kind':'sign_for'}"},
    {{"accept", NUMBER, "--exit", "petition", "--notice", "受1", "--told", "2026-11-24"},
     "{'kind':'accept','exit':'residue','notice_no':'受1',"
     "'told_at_ms':'1795449600000'}"},
    {{"decline", NUMBER, "r", "--no-longer"},
     "{'kind':'decline','decline_kind':'no_longer','reason':'r'}"},
    {{"notify", NUMBER, "--told", "2026-11-24", "--how", "当面"},
     "{'kind':'notify','told_at_ms':'1795449600000','how':'当面'}"},
    {{"deliver", NUMBER, "邮寄", "--told", "2026-11-24", "--taken-by", "张三", "--notice", "1"},
     "{'kind':'record_delivery','notice_no':'1','how':'邮寄','person':'张三',"
     "'told_at_ms':'1795449600000'}"},
    {{"extend", NUMBER, "10", "-r", "r", "--approved-by", "王"},
     "{'kind':'extend','days':10,'reason':'r','approved_by':'王'}"},
    {{"note", NUMBER, "x"}, "{'kind':'note','text':'x'}"},
    {{"answer", NUMBER, "x", "-o", "supported", "--report", "p"},
     "{'kind':'answer','opinion':'supported','text':'x','report':'p'}"},
    {{"execute", NUMBER, "x", "--done", "2026-11-24"},
     "{'kind':'execute','text':'x','done_at_ms':'1795449600000'}"},
    {{"close", NUMBER, "销1"}, "{'kind':'close','close_no':'销1'}"},
    {{"acknowledge", NUMBER, "3"}, "{'kind':'acknowledge','deadline_id':3}"},
    {{"classify", NUMBER, "检举控告", "--class", "城乡建设", "--accused", "cgz",
      "--countersigned-by", "李", "-r", "r"},
     "{'kind':'classify','matter':'accusation','class_code':'城乡建设',"
     "'reason':'r','countersigned_by':'李','accused':[10]}"},
    {{"simple", NUMBER, "初次简单"}, "{'kind':'start_simple','reason':'初次简单'}"},
    {{"ordinary", NUMBER, "复杂"}, "{'kind':'turn_ordinary','reason':'复杂'}"},
    {{"link", NUMBER, OTHER, "repeat", "-r", "r"},
     "{'kind':'link','other_case_no':'2026112300007000412',"
     "'link_kind':'repeat','reason':'r'}"},
    {{"merge", NUMBER, OTHER, "同一事"},
     "{'kind':'merge','other_case_no':'2026112300007000412','reason':'同一事'}"},
    {{"reopen", NUMBER, "new-facts", "新证据"},
     "{'kind':'reopen','ground':'new_facts','reason':'新证据'}"},
    {{"recuse", NUMBER, "王五", "近亲属", "--agency", "cgz"},
     "{'kind':'recuse','node':10,'person':'王五','reason':'近亲属'}"},
    {{"recuse", NUMBER, "--agency", "cgz"}, "{'kind':'recuse','node':10}"},
    {{"erase", NUMBER, "保存期满", "--countersigned-by", "李强"},
     "{'kind':'erase_key','reason':'保存期满','countersigned_by':'李强'}"},
    {{"plan", NUMBER, "赵县长", "方案", "--due", "2026-12-20"},
     "{'kind':'set_plan','official':'赵县长','text':'方案',"
     "'due_ms':'1797782400000'}"},
    {{"fulfil", NUMBER, "7", "已办", "--done", "2026-11-24"},
     "{'kind':'fulfil','deadline_id':7,'text':'已办','done_at_ms':'1795449600000'}"},
    {{"request-review", NUMBER, "--to", "cgz", "--received", "2026-11-24", "-m", "x"},
     "{'kind':'request_review','received_at_ms':'1795449600000','node':10,'text':'x'}"},
    {{"review", NUMBER, "维持", "-o", "explained", "--opinion-no", "复1", "--told", "2026-11-24"},
     "{'kind':'give_review','opinion':'explained','text':'维持',"
     "'opinion_no':'复1','told_at_ms':'1795449600000'}"},
    {{"request-recheck", NUMBER, "--received", "2026-11-24"},
     "{'kind':'request_recheck','received_at_ms':'1795449600000'}"},
    {{"recheck", NUMBER, "维持", "-o", "not-supported"},
     "{'kind':'give_recheck','opinion':'not_supported','text':'维持'}"},
    {{"hearing", "start", NUMBER, "2026-11-24"},
     "{'kind':'start_hearing','from_ms':'1795449600000'}"},
    {{"hearing", "end", NUMBER, "--until", "2026-11-26", "-m", "x"},
     "{'kind':'end_hearing','until_ms':'1795622400000','text':'x'}"},
    {{"terminate", NUMBER, "终结"}, "{'kind':'terminate','text':'终结'}"},
    {{"rate", NUMBER, "office", "basically", "7K3M-X2QP-9DHT"},
     "{'kind':'rate','rated_party':'office','satisfaction':'basically_satisfied'}"},
    {{"assign", NUMBER, "zrzy", "--co", "cgz,城关派出所", "-d", "2026-12-20", "--authority",
      "first-assignment", "--basis", "b", "-m", "办", "--report-form", "f", "--countersigned-by",
      "l"},
     "{'kind':'assign','node':12,'co_handlers':[10,11],"
     "'authority':'first_assignment','due_ms':'1797782400000','basis':'b',"
     "'text':'办','report_form':'f','countersigned_by':'l'}"},
    {{"forward", NUMBER, "zrzy", "--co", "cgz", "-m", "x"},
     "{'kind':'forward','node':12,'co_handlers':[10],'text':'x'}"},
    {{"handover", NUMBER, "zrzy", "-r", "r"}, "{'kind':'handover','node':12,'reason':'r'}"},
    {{"refer", NUMBER, "县法院", "--to", "zrzy", "-r", "r"},
     "{'kind':'refer','organ':'县法院','node':12,'reason':'r'}"},
    {{"object", NUMBER, "r"}, "{'kind':'object','reason':'r'}"},
    {{"rule", NUMBER, "refuse", "-r", "r"},
     "{'kind':'rule_on_objection','ruling':'refused','reason':'r'}"},
    {{"escalate", NUMBER, "r", "--to", "cgz"},
     "{'kind':'escalate_dispute','node':10,'reason':'r'}"},
    {{"designate", NUMBER, "zrzy", "--co", "cgz", "--basis", "b"},
     "{'kind':'designate','node':12,'co_handlers':[10],'basis':'b'}"},
    {{"investigate", NUMBER, "cgz", "查", "--official", "赵", "--level", "county", "--flag",
      "urgent"},
     "{'kind':'issue_directive','power':'investigate','audience':[10],"
     "'text':'查','co_handlers':[],'level':'county','official':'赵','flags':8}"},
    {{"coordinate", NUMBER, "cgz，zrzy", "会", "--host", "zrzy", "--co", "cgpcs"},
     "{'kind':'issue_directive','power':'coordinate','audience':[10,12],"
     "'text':'会','node':12,'co_handlers':[11]}"},
    {{"supervise", NUMBER, "cgz", "查"},
     "{'kind':'issue_directive','power':'supervise','audience':[10],"
     "'text':'查','co_handlers':[],'demand':'explanation'}"},
    {{"supervise", NUMBER, "cgz", "--demand", "限期改正", "--due", "2026-12-20"},
     "{'kind':'issue_directive','power':'supervise','audience':[10],"
     "'due_ms':'1797782400000','co_handlers':[],'demand':'correction'}"},
    {{"summon", NUMBER, "cgz", "60"},
     "{'kind':'issue_directive','power':'supervise','audience':[10],"
     "'people':60,'co_handlers':[],'demand':'summons'}"},
    {{"circulate", "通报一", "cgz,zrzy", "文", "--about", OTHER},
     "{'kind':'issue_directive','power':'circulate','audience':[10,12],"
     "'text':'文','co_handlers':[],'title':'通报一',"
     "'other_case_no':'2026112300007000412'}"},
    {{"recommend", NUMBER, "cgz", "policy", "文"},
     "{'kind':'issue_directive','power':'recommend','audience':[10],"
     "'text':'文','co_handlers':[],'recommendation':'policy'}"},
    {{"recommend", "--title", "题", "--to", "cgz", "-k", "account", "-m", "文"},
     "{'kind':'issue_directive','power':'recommend','audience':[10],"
     "'text':'文','co_handlers':[],'recommendation':'account','title':'题'}"},
    {{"directive", "issue", NUMBER, "cgz", "x", "--power", "supervise", "--demand", "progress"},
     "{'kind':'issue_directive','power':'supervise','audience':[10],"
     "'text':'x','co_handlers':[],'demand':'progress'}"},
    {{"directive", "countersign", NUMBER, "3", "赵县长"},
     "{'kind':'countersign_directive','directive_no':'3',"
     "'countersigned_by':'赵县长'}"},
    {{"directive", "sign", NUMBER, "3"}, "{'kind':'sign_directive','directive_no':'3'}"},
    {{"directive", "answer", NUMBER, "3", "已办", "--adopted"},
     "{'kind':'answer_directive','directive_no':'3','text':'已办','adopted':true}"},
    {{"directive", "clear", NUMBER, "3", "好", "--agency", "cgz"},
     "{'kind':'clear_directive','directive_no':'3','text':'好','node':10}"},
    {{"directive", "object", NUMBER, "3", "r"},
     "{'kind':'object_directive','directive_no':'3','reason':'r'}"},
    {{"directive", "withdraw", NUMBER, "3", "r"},
     "{'kind':'withdraw_directive','directive_no':'3','reason':'r'}"},
    {{"delegate", "赵县长", "supervise", "--from", "2026-11-24", "--until", "2026-12-31"},
     "{'kind':'delegate','official':'赵县长','power':'supervise',"
     "'valid_from_ms':'1795449600000','valid_to_ms':'1798732800000'}"},
    {{"delegate", "赵县长"}, "{'kind':'delegate','official':'赵县长'}"},
    {{"end-delegation", "赵县长", "r"},
     "{'kind':'end_delegation','official':'赵县长','reason':'r'}"},
    {{"urge", NUMBER, "cgz", "请尽快"}, "{'kind':'urge','node':10,'text':'请尽快'}"},
    {{"docket", "open", NUMBER, "督1", "supervise", "cgz", "--due", "2026-12-20", "--basis", "b",
      "-m", "x"},
     "{'kind':'open_docket','docket_no':'督1','step':'supervise','node':10,"
     "'due_ms':'1797782400000','text':'x','basis':'b'}"},
    {{"docket", "open", "--title", "题", "--docket", "督2", "--step", "talk", "--agency", "cgz"},
     "{'kind':'open_docket','docket_no':'督2','step':'talk','node':10,'title':'题'}"},
    {{"docket", "step", NUMBER, "督1", "通报", "--basis", "b"},
     "{'kind':'step_docket','docket_no':'督1','step':'circular','basis':'b'}"},
    {{"docket", "close", NUMBER, "督1", "x"},
     "{'kind':'close_docket','docket_no':'督1','text':'x'}"},
};

/* The act as JSON with single quotes and without the case number. */
static const char *shown(const char *json)
{
    static const char number[] = "'case_no':'2026112300007000429'";
    static char text[sizeof acts[0]];
    (void)snprintf(text, sizeof text, "%s", json);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '"')
            *at = '\'';
    char *at = strstr(text, number);
    if (at != NULL) {
        size_t len = strlen(number) + (at[strlen(number)] == ',');
        if (at[len] == '}' && at > text && at[-1] == ',')
            at--, len++;
        memmove(at, at + len, strlen(at + len) + 1);
    }
    return text;
}

static void test_acts(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        act_count = 0;
        assert_int_equal(cli_world_run(w, rows[i].words), 0);
        assert_int_equal(act_count, 1);
        assert_string_equal(shown(acts[0]), rows[i].act);
        cli_says(cli_output, "已办妥：");
    }
}

static bool has_row(const struct cli_verb *verb)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *words[2] = {cli_mutable(rows[i].words[0]), cli_mutable(rows[i].words[1])};
        int used = 0;
        if (cli_verb_find(2, words, &used) == verb)
            return true;
    }
    return false;
}

/* No verb that acts is left out above. */
static void test_all_verbs(void **state)
{
    (void)state;
    for (size_t i = 0; cli_verb_at(i) != NULL; i++)
        if (cli_verb_at(i)->run == cli_run_act && !has_row(cli_verb_at(i)))
            fail_msg("%s is not tested", cli_verb_at(i)->name);
}

/* Each verb's number of words and options fits its row, and no long option is there twice. */
static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; cli_verb_at(i) != NULL; i++) {
        const struct cli_verb *verb = cli_verb_at(i);
        size_t max = sizeof verb->options / sizeof verb->options[0];
        assert_int_equal(verb->options[max - 1], OPT_NONE);
        assert_true(verb->required == 0 || verb->positional[verb->required - 1] != OPT_NONE);
        assert_true(verb->positional[0] == OPT_NONE || verb->args != NULL);
        for (size_t a = 0; a < max && verb->options[a] != OPT_NONE; a++)
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(cli_options[verb->options[a]].name,
                                        cli_options[verb->options[b]].name);
    }
}

/* ---- what is filled in, what is wrong -------------------------------------------------------- */

static void test_now(void **state)
{
    static const char *const verbs[][3] = {{"notify", NULL, "'told_at_ms':'"},
                                           {"hearing", "start", "'from_ms':'"},
                                           {"hearing", "end", "'until_ms':'"},
                                           {"request-review", NULL, "'received_at_ms':'"},
                                           {"request-recheck", NULL, "'received_at_ms':'"}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const char *const two[] = {verbs[i][0], verbs[i][1], NUMBER, NULL};
        const char *const one[] = {verbs[i][0], NUMBER, NULL};
        act_count = 0;
        assert_int_equal(cli_world_run(w, verbs[i][1] != NULL ? two : one), 0);
        cli_says(shown(acts[0]), verbs[i][2]);
    }
    act_count = 0;
    assert_int_equal(RUN(w, "deliver", NUMBER, "邮寄"), 0);
    cli_says(shown(acts[0]), "'told_at_ms':'");
}

static void test_usage(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "supervise"), 2); /* neither a case nor a title */
    cli_says(cli_errors, "--title");
    assert_int_equal(RUN(w, "docket", "open", "--step", "urge"), 2);
    assert_int_equal(RUN(w, "docket", "dance"), 2);
    cli_says(cli_errors, "docket dance");
    assert_int_equal(RUN(w, "docket"), 2);
    assert_int_equal(RUN(w, "link", NUMBER, OTHER), 2);
    assert_int_equal(RUN(w, "link", NUMBER, OTHER, "friends"), 5);
    assert_int_equal(RUN(w, "docket", "step", NUMBER, "1", "jump"), 5);
    assert_int_equal(RUN(w, "rate", NUMBER, "mayor", "satisfied", "7K3MX2QP9DHT"), 5);
    assert_int_equal(RUN(w, "directive", "sign", NUMBER, "x"), 5);
    assert_int_equal(RUN(w, "merge", NUMBER, "12"), 5);
    assert_int_equal(act_count, 0);
    assert_int_equal(RUN(w, "help", "docket"), 0);
    cli_says(cli_output, "docket close");
    assert_int_equal(RUN(w, "confirm-clock", "已核对", "--admin", fake_agent_path(w->fake)), 0);
    assert_int_equal(w->body, JB__REQUEST__BODY_CONFIRM_CLOCK);
}

/* ---- registering, splitting ------------------------------------------------------------------ */

static void test_query_code(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "register", "修路"), 0);
    cli_says(cli_output, "查询码 7K3M-X2QP-9DHT");
    cli_says(cli_output, "只显示这一次");
    assert_int_equal(RUN(w, "register", "修路", "--lang=en"), 0);
    cli_says(cli_output, "shown only once");
}

static void test_split(void **state)
{
    struct world *w = *state;
    assert_int_equal(RUN(w, "split", NUMBER, "修路", "路灯", "-k", "appeal", "-r", "两件事"), 0);
    assert_int_equal(act_count, 3);
    assert_string_equal(shown(acts[0]), "{'kind':'register','matter':'appeal','title':'修路',"
                                        "'accused':[],'other_case_no':'2026112300007000429'}");
    cli_says(acts[1], "路灯");
    assert_string_equal(shown(acts[2]), "{'kind':'split','other_case_nos':['2026112300007000429',"
                                        "'2026112300007000429'],'reason':'两件事'}");
    cli_says(cli_output, "分案 " NUMBER "，查询码 7K3M-X2QP-9DHT");
    act_count = 0;
    assert_int_equal(RUN(w, "split", NUMBER, "修路", "--json"), 0);
    cli_says(cli_output, "{\"parts\":[{\"number\":\"" NUMBER "\"");
    cli_says(cli_output, "\"split\":{");
    assert_int_equal(RUN(w, "split", NUMBER), 2);
}

/* What was registered before a refusal is named, so that nobody registers it again. */
static void test_split_refused(void **state)
{
    struct world *w = *state;
    refuse_kind = "split";
    assert_int_equal(RUN(w, "split", NUMBER, "修路"), 3);
    cli_says(cli_errors, "分案 " NUMBER);
    act_count = 0;
    refuse_kind = "register";
    assert_int_equal(RUN(w, "split", NUMBER, "修路", "路灯"), 3);
    assert_int_equal(act_count, 1);
    cli_says(cli_errors, "须由第二人确认");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_acts),  T(test_all_verbs),  T(test_tables), T(test_now),
        T(test_usage), T(test_query_code), T(test_split),  T(test_split_refused),
    };
    return cmocka_run_group_tests_name("cli_verbs", tests, cli_world_catalogues, NULL);
}
