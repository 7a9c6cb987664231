#include "tests/demo/step.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DAY_MS = 24 * 60 * 60 * 1000,
    CHINA_MS = 8 * 60 * 60 * 1000,
    CO_HANDLERS_MAX = 4
};

enum actor {
    BY_OFFICE,
    BY_HOLDER,
    BY_NAMED
};

struct step {
    struct story *story;
    struct cast *cast;
    struct player *player; /* who acts */
    const char *argument;  /* behind the colon, without co-handlers and day; "" if none */
    char *co_handlers;     /* "qsz+zrj" or NULL */
    const char *due;       /* "30d" or NULL */
    int64_t now_ms;
    uint32_t nodes[CO_HANDLERS_MAX];
    char document_no[64];
    struct jiaoban_act act;
};

/* ---- what stands in an act ------------------------------------------------------------------- */

static bool complain(const struct step *s, const char *what)
{
    fprintf(stderr, "letter %s, \"%s\": %s\n", s->story->letter, s->argument, what);
    return false;
}

/* "12s", "1d6s": from now. "30d": the last moment of that day in China. */
static bool read_due(struct step *s)
{
    char *rest = NULL;
    long long days = 0;
    long long seconds = 0;
    if (s->due == NULL)
        return true;
    long long number = strtoll(s->due, &rest, 10);
    if (*rest == 'd') {
        days = number;
        rest++;
        number = *rest != '\0' ? strtoll(rest, &rest, 10) : 0;
    }
    if (*rest == 's') {
        seconds = number;
        rest++;
    }
    if (*rest != '\0' || (days == 0 && seconds == 0))
        return complain(s, "no such day");
    int64_t today = (s->now_ms + CHINA_MS) / DAY_MS * DAY_MS - CHINA_MS;
    s->act.due_ms =
        seconds != 0 ? s->now_ms + days * DAY_MS + seconds * 1000 : today + (days + 1) * DAY_MS;
    return true;
}

static bool read_receivers(struct step *s)
{
    const struct player *host = cast_find(s->cast, s->argument);
    if (host == NULL)
        return complain(s, "no such office");
    s->act.node = host->node;
    char *place = NULL;
    for (char *code = s->co_handlers != NULL ? strtok_r(s->co_handlers, "+", &place) : NULL;
         code != NULL; code = strtok_r(NULL, "+", &place)) {
        const struct player *p = cast_find(s->cast, code);
        if (p == NULL || s->act.co_handler_count == CO_HANDLERS_MAX)
            return complain(s, "no such co-handler, or too many");
        s->nodes[s->act.co_handler_count++] = p->node;
    }
    s->act.co_handlers = s->nodes;
    return true;
}

static bool fill_register(struct step *s)
{
    s->act.case_number = NULL;
    s->act.matter =
        strcmp(s->story->matter, "suggestion") == 0 ? JIAOBAN_SUGGESTION : JIAOBAN_APPEAL;
    s->act.channel = JIAOBAN_ONLINE;
    s->act.title = s->story->title;
    s->act.content = s->story->text;
    s->act.class_code = s->story->class_code;
    s->act.place_code = "611002";
    s->act.flags = s->story->flags;
    s->act.people = (s->story->flags & JIAOBAN_FLAG_JOINT_SIGNATURE) != 0 ? 32 : 1;
    s->act.foreign_system = "letters";
    s->act.foreign_number = s->story->letter;
    s->act.received_at_ms = s->now_ms;
    return true;
}

static bool fill_assign(struct step *s)
{
    s->act.authority = JIAOBAN_BY_ASSIGN;
    s->act.text = "请依法按政策办理,书面答复信访人,并报送办结报告。";
    s->act.report_form = "办结报告";
    return read_receivers(s) && read_due(s);
}

static bool fill_order(struct step *s)
{
    bool good = fill_assign(s);
    s->act.authority = JIAOBAN_BY_FIRST_ASSIGNMENT;
    s->act.basis = "县信访工作联席会议第7次会议纪要";
    return good;
}

/* A cross-boundary matter is placed by the joint conference. */
static bool fill_decide(struct step *s)
{
    bool good = fill_order(s);
    s->act.authority = JIAOBAN_BY_JOINT_CONFERENCE;
    return good;
}

static bool fill_forward(struct step *s)
{
    s->act.text = "请按职责办理并告知信访人。";
    return read_receivers(s);
}

static bool fill_handover(struct step *s)
{
    s->act.reason = "经核实,主要事项属贵单位职责,现移交办理。";
    return read_receivers(s);
}

/* Major and urgent matters are reported up at once, Art 25; the agent knows to whom. */
static bool fill_report(struct step *s)
{
    s->act.text = "重大紧急事项,现即时报告。";
    return true;
}

static bool fill_refer(struct step *s)
{
    s->act.organ = s->argument;
    s->act.reason = "涉法涉诉事项,移送处理。";
    return true;
}

static bool fill_nothing(struct step *s)
{
    (void)s;
    return true;
}

/* The soonest deadline that the acting office owes in this case. */
static bool fill_acknowledge(struct step *s)
{
    struct jiaoban_query q = {.size = sizeof q, .case_number = s->story->number, .limit = 1};
    q.on_behalf_of = s->player->desk;
    struct jiaoban_result *r = NULL;
    q.mine = true;
    q.open_only = true;
    if (jiaoban_get_deadlines(s->player->handle, &q, &r) != JIAOBAN_OK)
        return complain(s, jiaoban_error_text(s->player->handle));
    const struct jiaoban_deadline *d = jiaoban_result_deadline(r, 0);
    s->act.deadline_id = d != NULL ? d->deadline_id : 0;
    s->act.text = "已知悉,将按期办理。";
    jiaoban_result_free(r);
    return s->act.deadline_id != 0 || complain(s, "owes no deadline to acknowledge");
}

/* "信答〔2026〕75号" */
static void number_document(struct step *s, const char *kind)
{
    struct tm t;
    time_t now = (time_t)((s->now_ms + CHINA_MS) / 1000);
    gmtime_r(&now, &t);
    snprintf(s->document_no, sizeof s->document_no, "%s〔%d〕%s号", kind, t.tm_year + 1900,
             s->story->letter);
}

static void told(struct step *s, const char *kind)
{
    number_document(s, kind);
    s->act.told_at_ms = s->now_ms;
    s->act.how = "短信";
}

static bool fill_accept(struct step *s)
{
    told(s, "受告");
    s->act.notice_no = s->document_no;
    return true;
}

static bool fill_decline(struct step *s)
{
    told(s, "不受告");
    s->act.notice_no = s->document_no;
    s->act.reason = s->story->reply;
    return true;
}

static bool fill_object(struct step *s)
{
    s->act.reason = s->story->reply;
    return true;
}

static bool fill_rule(struct step *s)
{
    bool agreed = strcmp(s->argument, "agreed") == 0;
    s->act.ruling = agreed ? JIAOBAN_AGREED : JIAOBAN_NOT_AGREED;
    s->act.reason = agreed ? "异议成立,收回另行交办。" : "该事项属你单位职责范围,请继续办理。";
    return true;
}

static bool fill_note(struct step *s)
{
    s->act.text = "已联系信访人并到现场核实,情况附后。";
    return true;
}

static bool fill_extend(struct step *s)
{
    s->act.days = (uint32_t)strtoul(s->argument, NULL, 10);
    s->act.reason = "需委托第三方检测,检测周期较长。";
    s->act.approved_by = "局长";
    s->act.told_at_ms = s->now_ms;
    return true;
}

static bool fill_answer(struct step *s)
{
    told(s, "信答");
    s->act.opinion_no = s->document_no;
    /* Where the reply says "not for us" it has been the reason of the objection. */
    bool objected = strstr(s->story->plan, "object") != NULL;
    s->act.text = objected ? "经调查核实,现对您反映的事项予以答复,有关政策依据和办理渠道附后。"
                           : s->story->reply;
    s->act.report = "已依法调查处理并书面答复信访人,现报办结。";
    s->act.opinion = strcmp(s->argument, "supported") == 0   ? JIAOBAN_SUPPORTED
                     : strcmp(s->argument, "explained") == 0 ? JIAOBAN_EXPLAINED
                                                             : JIAOBAN_NOT_SUPPORTED;
    return true;
}

/* A co-handler answers to the host, which collects. */
static bool fill_part(struct step *s)
{
    s->act.text = "我单位职责范围内的事项已核实,协办意见附后。";
    return true;
}

static bool fill_execute(struct step *s)
{
    s->act.text = "支持的诉求已落实到位,信访人已确认。";
    s->act.done_at_ms = s->now_ms;
    return true;
}

static bool fill_close(struct step *s)
{
    number_document(s, "销");
    s->act.close_no = s->document_no;
    return true;
}

static const struct verb {
    const char *word;
    const char *kind; /* in the schema */
    enum actor actor;
    bool hands_over; /* the argument holds the case afterwards */
    bool (*fill)(struct step *s);
} verbs[] = {
    {"register", "register", BY_OFFICE, false, fill_register},
    {"assign", "assign", BY_OFFICE, true, fill_assign},
    {"order", "assign", BY_OFFICE, true, fill_order},
    {"decide", "assign", BY_OFFICE, true, fill_decide},
    {"forward", "forward", BY_OFFICE, true, fill_forward},
    {"handover", "handover", BY_HOLDER, true, fill_handover},
    {"report", "report_up", BY_OFFICE, false, fill_report},
    {"refer", "refer", BY_OFFICE, false, fill_refer},
    {"sign", "sign_for", BY_HOLDER, false, fill_nothing},
    {"ack", "acknowledge", BY_HOLDER, false, fill_acknowledge},
    {"accept", "accept", BY_HOLDER, false, fill_accept},
    {"decline", "decline", BY_HOLDER, false, fill_decline},
    {"object", "object", BY_HOLDER, false, fill_object},
    {"rule", "rule_on_objection", BY_OFFICE, false, fill_rule},
    {"note", "note", BY_NAMED, false, fill_note},
    {"extend", "extend", BY_HOLDER, false, fill_extend},
    {"answer", "answer", BY_HOLDER, false, fill_answer},
    {"part", "answer", BY_NAMED, false, fill_part},
    {"execute", "execute", BY_HOLDER, false, fill_execute},
    {"close", "close", BY_OFFICE, false, fill_close},
};

/* ---- doing it -------------------------------------------------------------------------------- */

/* Cut "note:qsz", "assign:zjj+qsz@30d" into its parts, in place. NULL: no such word. */
static const struct verb *parse(struct step *s, char *word)
{
    char *due = strchr(word, '@');
    char *argument = strchr(word, ':');
    if (due != NULL) {
        *due = '\0';
        s->due = due + 1;
    }
    s->argument = "";
    if (argument != NULL) {
        *argument = '\0';
        s->argument = argument + 1;
        s->co_handlers = strchr(argument + 1, '+');
        if (s->co_handlers != NULL)
            *s->co_handlers++ = '\0';
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i].word, word) == 0)
            return &verbs[i];
    return NULL;
}

/* Has this office received everything that happened to the case so far? */
static bool has_arrived(const struct step *s)
{
    if (s->story->seq == 0)
        return true;
    struct jiaoban_query q = {.size = sizeof q, .case_number = s->story->number, .timeline = true};
    q.on_behalf_of = s->player->desk;
    struct jiaoban_result *r = NULL;
    if (jiaoban_get_case(s->player->handle, &q, &r) != JIAOBAN_OK)
        return false;
    const struct jiaoban_case *c = jiaoban_result_case(r, 0);
    bool yes = false;
    for (size_t i = 0; c != NULL && i < c->timeline_count; i++)
        yes = yes || c->timeline[i]->seq >= s->story->seq;
    jiaoban_result_free(r);
    return yes;
}

static bool keep_waiting(struct book *book, const struct step *s, uint64_t number, bool race)
{
    if (book->waiting_count == WAITING_MAX)
        return complain(s, "too many submissions wait");
    book->waiting[book->waiting_count++] = (struct waiting){
        .story = (size_t)(s->story - book->stories),
        .player = s->player,
        .number = number,
        .race = race,
    };
    return true;
}

/* Submit, and take in what came of it. */
static bool submit(struct book *book, struct step *s, const char *kind, bool online, bool race)
{
    struct jiaoban_options options = {.size = sizeof options, .on_behalf_of = s->player->desk};
    options.wait_ms = online ? JIAOBAN_WAIT_MS : 0;
    struct jiaoban_result *r = NULL;
    enum jiaoban_status status = jiaoban_submit(s->player->handle, kind, &s->act, &options, &r);
    const struct jiaoban_settled *done = jiaoban_result_settled(r);
    bool good = false;
    if (status != JIAOBAN_OK || done == NULL) {
        fprintf(stderr, "letter %s, %s by %s: %s\n", s->story->letter, kind, s->player->code,
                jiaoban_error_text(s->player->handle));
    } else if (online ? !done->accepted : !done->pending) {
        fprintf(stderr, "letter %s, %s by %s: %s\n", s->story->letter, kind, s->player->code,
                online ? "no verdict in time" : "decided although the broker is away");
    } else {
        good = online || keep_waiting(book, s, done->number, race);
        if (s->story->number[0] == '\0')
            snprintf(s->story->number, sizeof s->story->number, "%s", done->case_number);
        if (done->seq > s->story->seq)
            s->story->seq = done->seq;
    }
    jiaoban_result_free(r);
    return good;
}

static const char *actor_code(const struct step *s, const struct verb *verb)
{
    if (verb->actor == BY_OFFICE)
        return CAST_OFFICE;
    if (verb->actor == BY_NAMED && s->argument[0] != '\0')
        return s->argument;
    return s->story->holder;
}

enum step_result step_do(struct book *book, struct story *story, struct cast *cast, bool online)
{
    char word[64];
    char parts[64];
    if (!story_word(story, word, sizeof word))
        return STEP_FAILED;
    bool race = strncmp(word, "race:", 5) == 0;
    snprintf(parts, sizeof parts, "%s", race ? word + 5 : word);
    struct step s = {.story = story, .cast = cast, .now_ms = cast_now_ms()};
    s.act = (struct jiaoban_act){.size = sizeof s.act, .case_number = story->number};
    const struct verb *verb = parse(&s, parts);
    s.player = verb != NULL ? cast_find(cast, actor_code(&s, verb)) : NULL;
    if (s.player == NULL) {
        fprintf(stderr, "letter %s: \"%s\" means nothing\n", story->letter, word);
        return STEP_FAILED;
    }
    if (online && !has_arrived(&s))
        return STEP_NOT_YET;
    if (!verb->fill(&s) || !submit(book, &s, verb->kind, online, race))
        return STEP_FAILED;
    if (verb->hands_over && !race)
        story->holder = cast_find(cast, s.argument)->code;
    if (strcmp(word, "rule:agreed") == 0)
        story->holder = CAST_OFFICE;
    story_advance(story, word);
    return STEP_DONE;
}
