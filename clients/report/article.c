/* Where a rule stands, spelled out for people: "23(3)" of a refusal, "P4.1" of this system's own
 * rules, and the citations that a policy file holds in Chinese. Decides nothing. */
#include "clients/report/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "clients/lib/jiaoban.h"

/* What stands behind a short name. The numbers of this system's own rules are those of the policy's
 * settings. */
static const struct {
    const char *code, *text; /* text: msgid */
} sources[] = {
    {"SPEECH", N_("first assignment authority")},
    {"G11", N_("Guo Xin Fa (2022) No. 11")},
    {"simple", N_("Measures for simple handling")},
    {"P", N_("rule of this system, made where the Regulations are silent")},
    {"P4", N_("rule 4 of this system: what the six powers of the first assignment authority are")},
    {"P4.1", N_("rule 4.1 of this system: the first assignment authority goes before a forward and "
                "a hand-over between peers")},
    {"P4.2", N_("rule 4.2 of this system: the higher level goes before the lower one")},
    {"P4.3", N_("rule 4.3 of this system: receive first, object after; what was designated is not "
                "returned")},
    {"P4.4", N_("rule 4.4 of this system: a designated day may shorten a statutory limit, never "
                "lengthen it")},
    {"P4.5",
     N_("rule 4.5 of this system: one host at any time; a dispute goes to the assigner, the "
        "common superior, the joint conference")},
    {"P4.6", N_("rule 4.6 of this system: what a directive carries, who countersigns, how far it "
                "is passed on")},
    {"P4.7", N_("rule 4.7 of this system: what the first assignment authority cannot do")},
    {"P5", N_("rule 5 of this system: from how many visitors on heads are summoned")},
    {"P8.8", N_("rule 8.8 of this system: an undelivered hand-over remains the sender's duty")},
    {"P8.5", N_("rule 8.5 of this system: nothing of an accusation reaches the accused")},
};

static const char *const digits[] = {"", "一", "二", "三", "四", "五", "六", "七", "八", "九"};

/* 1..99 as laws are cited: 二十三 in Chinese. */
static const char *numeral(struct jb_tongue *t, long n)
{
    if (t->english)
        return jb_tongue_format(t, "%ld", n);
    return jb_tongue_format(t, "%s%s%s", n >= 20 ? digits[n / 10] : "", n >= 10 ? "十" : "",
                            digits[n % 10]);
}

/* Some articles list items (项) under one paragraph; the others have paragraphs (款). */
static bool is_item(long article)
{
    return article == 22 || article == 31;
}

static const char *cited(struct jb_tongue *t, long article, long part, bool item)
{
    if (part == 0)
        return jb_tongue_format(t, jb_tongue_say(t, "Regulations, Art. %s"), numeral(t, article));
    return jb_tongue_format(t,
                            item ? jb_tongue_say(t, "Regulations, Art. %s, item %s")
                                 : jb_tongue_say(t, "Regulations, Art. %s, paragraph %s"),
                            numeral(t, article), numeral(t, part));
}

/* ---- Chinese citations, for English readers -------------------------------------------------- */

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static long read_digit(const char **at)
{
    for (long i = 1; i <= 9; i++)
        if (skip(at, digits[i]))
            return i;
    return 0;
}

/* 二十三 -> 23; 0: no numeral */
static long read_numeral(const char **at)
{
    long ones = read_digit(at);
    if (!skip(at, "十"))
        return ones;
    return (ones == 0 ? 10 : ones * 10) + read_digit(at);
}

/* What a policy file cites beside the Regulations. */
static const struct {
    const char *chinese, *code; /* code: as in `sources` */
    int power;                  /* or the power of the first assignment authority */
} citations[] = {
    {"简易办理办法", "simple", 0},
    {"国信发〔2022〕11号", "G11", 0},
    {"第一交办权优先规则第五项", "P4.5", 0},
    {"群体来访领导到场接访规则", "P5", 0},
    {"领导包案与工作方案", "P", 0},
    {"第一交办权·交办转办权", NULL, JIAOBAN_POWER_ASSIGN},
    {"第一交办权·立案查办权", NULL, JIAOBAN_POWER_INVESTIGATE},
    {"第一交办权·协调处理权", NULL, JIAOBAN_POWER_COORDINATE},
    {"第一交办权·督查督促权", NULL, JIAOBAN_POWER_SUPERVISE},
    {"第一交办权·通报情况权", NULL, JIAOBAN_POWER_CIRCULATE},
    {"第一交办权·建议权", NULL, JIAOBAN_POWER_RECOMMEND},
};

static const char *source_text(const struct jb_tongue *t, const char *code)
{
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (strcmp(sources[i].code, code) == 0)
            return jb_tongue_say(t, sources[i].text);
    return NULL;
}

static const char *citation(struct jb_tongue *t, const char *text)
{
    for (size_t i = 0; i < sizeof citations / sizeof citations[0]; i++)
        if (strcmp(citations[i].chinese, text) == 0)
            return citations[i].code != NULL
                       ? source_text(t, citations[i].code)
                       : jb_tongue_format(t, "%s%s%s",
                                          jb_tongue_say(t, "first assignment authority"),
                                          jb_tongue_say(t, ", "),
                                          jb_word_of_value(t, jb_powers, citations[i].power));
    return jb_tongue_safe(t, text, false);
}

/* 《信访工作条例》第二十三条第三款; anything else that is not known stays as the policy has it. */
static const char *from_chinese(struct jb_tongue *t, const char *text)
{
    const char *at = text;
    long part = 0;
    bool item = false;

    if (!skip(&at, "《信访工作条例》第"))
        return citation(t, text);
    long article = read_numeral(&at);
    if (article == 0 || !skip(&at, "条"))
        return jb_tongue_safe(t, text, false);
    if (skip(&at, "第")) {
        bool bracket = skip(&at, "（") || skip(&at, "(");
        part = read_numeral(&at);
        if (bracket && !skip(&at, "）") && !skip(&at, ")"))
            return jb_tongue_safe(t, text, false);
        item = skip(&at, "项");
        if (part == 0 || (!item && !skip(&at, "款")))
            return jb_tongue_safe(t, text, false);
    }
    return *at == '\0' ? cited(t, article, part, item) : jb_tongue_safe(t, text, false);
}

/* Several of them, one after another. */
static const char *all_from_chinese(struct jb_tongue *t, const char *text)
{
    static const char between[] = "；";
    const char *out = "";
    for (const char *end = strstr(text, between); end != NULL; end = strstr(text, between)) {
        const char *one = jb_tongue_format(t, "%.*s", (int)(end - text), text);
        out = jb_tongue_format(t, "%s%s%s", out, from_chinese(t, one), jb_tongue_say(t, "; "));
        text = end + strlen(between);
    }
    return jb_tongue_format(t, "%s%s", out, from_chinese(t, text));
}

const char *jb_article(struct jb_tongue *t, const char *article)
{
    char *rest = NULL;

    const char *known = source_text(t, article);
    if (known != NULL)
        return known;
    if (article[0] == 'P' && isdigit((unsigned char)article[1]))
        return jb_tongue_format(t, jb_tongue_say(t, "rule %s of this system"),
                                jb_tongue_safe(t, article + 1, false));
    long number = strtol(article, &rest, 10);
    if (rest == article || number < 1 || number > 99)
        return t->english ? all_from_chinese(t, article) : jb_tongue_safe(t, article, false);
    if (*rest == '\0')
        return cited(t, number, 0, false);
    long part = *rest == '(' ? strtol(rest + 1, &rest, 10) : 0;
    if (part < 1 || part > 99 || strcmp(rest, ")") != 0)
        return jb_tongue_safe(t, article, false);
    return cited(t, number, part, is_item(number));
}
