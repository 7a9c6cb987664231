/* What people type: days in their usual spellings, figures of full width, words in part. */
#include "tests/unit/cliworld.h"

#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795420800000) /* 2026-11-23 12:00 in China */
#define T(f) cmocka_unit_test(f)

static const char *parsed(const char *typed, char shown[JIAOBAN_TEXT])
{
    struct cli c = {.now_ms = NOW, .given = {{OPT_TOLD, typed}}, .given_count = 1};
    int64_t at_ms = 0;
    int code = cli_read_instant(&c, OPT_TOLD, false, &at_ms);
    jiaoban_instant_text(at_ms, false, shown);
    cli_free_owned(&c);
    return code == 0 ? shown : "";
}

static void test_days(void **state)
{
    char today[JIAOBAN_TEXT], yesterday[JIAOBAN_TEXT], third[JIAOBAN_TEXT], shown[JIAOBAN_TEXT];
    static const char *const spellings[] = {
        "2026-03-01", "2026/3/1",     "2026/03/01",           "2026.3.1",
        "20260301",   "2026年3月1日", "２０２６－０３－０１", "２０２６年３月１日"};
    static const char *const wrong[] = {"2026-02-30", "20260230",  "2026/13/1", "昨日",
                                        "3/1",        "2026/3/1x", "202603011", ""};
    (void)state;
    cli_lang("zh");
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        assert_string_equal(parsed(spellings[i], shown), "2026-03-01 00:00");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_string_equal(parsed(wrong[i], shown), "");
    jiaoban_instant_text(NOW, false, today);
    jiaoban_instant_text(NOW - INT64_C(86400000), false, yesterday);
    memcpy(today + 10, " 00:00", sizeof " 00:00");
    memcpy(yesterday + 10, " 00:00", sizeof " 00:00");
    assert_string_equal(parsed("今天", shown), today);
    assert_string_equal(parsed("today", shown), today);
    assert_string_equal(parsed("昨天", shown), yesterday);
    (void)snprintf(third, sizeof third, "%.4s-03-01 00:00", today);
    assert_string_equal(parsed("3月1日", shown), third);
}

static void test_numbers(void **state)
{
    struct cli c = {.given = {{OPT_PEOPLE, "１２"}}, .given_count = 1};
    uint32_t people = 0;
    (void)state;
    assert_int_equal(cli_read_u32(&c, OPT_PEOPLE, &people), 0);
    assert_int_equal(people, 12);
    cli_free_owned(&c);
}

static void test_words(void **state)
{
    static const struct {
        const struct jb_word *words;
        const char *typed;
        int value; /* 0: not understood */
    } rows[] = {
        {jb_powers, "督查督促", JIAOBAN_POWER_SUPERVISE},
        {cli_authorities, "联席会议", JIAOBAN_BY_JOINT_CONFERENCE},
        {cli_flags, "紧急", JIAOBAN_FLAG_URGENT},
        {cli_opinions, "支持", JIAOBAN_SUPPORTED}, /* whole, though part of another */
        {cli_satisfactions, "满意", JIAOBAN_SATISFIED},
        {cli_satisfactions, "基本", JIAOBAN_BASICALLY_SATISFIED},
        {cli_opinions, "持", 0},      /* one character is none */
        {jb_powers, "权", 0},         /* part of all */
        {cli_opinions, "support", 0}, /* English words in full */
        {cli_opinions, "supported", JIAOBAN_SUPPORTED},
    };
    (void)state;
    cli_lang("zh");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int value = 0;
        assert_int_equal(cli_word_read(rows[i].words, rows[i].typed, &value), rows[i].value != 0);
        assert_int_equal(value, rows[i].value);
    }
}

/* A period of minutes ends at an hour, a day's at its end. */
static void test_due(void **state)
{
    struct cli c = {.now_ms = NOW};
    int64_t midnight_ms = 0;
    (void)state;
    cli_lang("zh");
    assert_int_equal(jiaoban_instant("2026-03-10", true, &midnight_ms), JIAOBAN_OK);
    c.now_ms = midnight_ms - INT64_C(16) * 3600000; /* eight in the morning */
    assert_string_equal(cli_day(&c, midnight_ms, true), "3月10日");
    assert_string_equal(cli_left(&c, midnight_ms), "今天到期");
    assert_string_equal(cli_day(&c, c.now_ms + 1800000, true), "3月10日 08:30");
    assert_string_equal(cli_left(&c, c.now_ms + 1800000), "还剩 30 分钟");
    assert_string_equal(cli_left(&c, c.now_ms + 4 * 3600000), "还剩 4 小时");
    cli_free_owned(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_days), T(test_numbers), T(test_words), T(test_due)};
    return cmocka_run_group_tests_name("cli_input", tests, cli_world_catalogues, NULL);
}
