/* The mapping file, dates of other systems, and one record as an act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/gateway/adapters/map.h"
#include "proto/rules/civil.h"

#define MINIMAL "[map]\nsystem = s\nnumber = 编号\n[fields]\ntitle = 标题 | 主题\n"

static enum jb_err read_map(struct jb_ex_map *map, const char *text, struct jb_fault *fault)
{
    return jb_ex_map_read(map, (struct jb_text){text, strlen(text)}, "test.map", fault);
}

/* ---- dates ---- */

static void dates_as_others_write_them(void **state)
{
    static const struct {
        const char *text;
        bool end;
        const char *shown; /* NULL: no date */
    } rows[] = {
        {"2026-11-23", false, "2026-11-23 00:00"},
        {"2026-11-23", true, "2026-11-24 00:00"},
        {"2026/1/3", false, "2026-01-03 00:00"},
        {"2026.01.03", false, "2026-01-03 00:00"},
        {"2026年11月3日", false, "2026-11-03 00:00"},
        {"2026年11月3日 9时5分", true, "2026-11-03 09:05"},
        {"2026年11月3日 9点", false, "2026-11-03 09:00"},
        {"2026/11/03 09:05:59", true, "2026-11-03 09:05"},
        {"2026-11-03T09:05:00.000", false, "2026-11-03 09:05"},
        {"2026-11-03T01:05:00Z", false, "2026-11-03 09:05"},
        {"2026-11-03T01:05:00+00:00", false, "2026-11-03 09:05"},
        {"2026-11-03 24:00", false, "2026-11-04 00:00"},
        {"46349.375", false, "2026-11-23 09:00"},
        {"46349", true, "2026-11-24 00:00"},
        {"", false, NULL},
        {"23.11.2026", false, NULL},
        {"2026-02-30", false, NULL},
        {"2026-13-01", false, NULL},
        {"2026-1", false, NULL},
        {"2026-11-03 25:00", false, NULL},
        {"2026-11-03 09:61", false, NULL},
        {"2026-11-03x", false, NULL},
        {"2026-11-03 ", false, NULL},
        {"2026年11月3", false, NULL},
        {"12345678", false, NULL},
        {"99999999999999999999-01-01", false, NULL},
        {"20000", false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t at_ms = 0;
        char shown[JIAOBAN_TEXT] = "";
        enum jb_err err = jb_ex_when(rows[i].text, rows[i].end, &at_ms);
        if (err == JB_OK)
            jiaoban_instant_text(at_ms, false, shown);
        assert_string_equal(shown, rows[i].shown != NULL ? rows[i].shown : "");
    }
}

/* ---- the file ---- */

static void the_map_is_checked(void **state)
{
    static const char *const bad[] = {
        "",
        "[map]\nnumber = a\n[fields]\ntitle = b\n",
        "[map]\nsystem = s\n[fields]\ntitle = b\n",
        "[map]\nsystem = s\nnumber = a\n",
        "[map]\nsystem = s\nnumber = a\nfoo = 1\n[fields]\ntitle = b\n",
        MINIMAL "titel = x\n",
        MINIMAL "title = again\n",
        MINIMAL "content =\n",
        MINIMAL "content = a|b|c|d|e|f|g|h|i\n",
        MINIMAL "[chanel]\nletter = x\n",
        MINIMAL "[channel]\npigeon = x\n",
        MINIMAL "[defaults]\nmatter = x\n",
        MINIMAL "[map]\nsend = post\n",
        "[map]\nsystem = 01234567890123456789012345678901234567890123456789012345678901234\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct jb_ex_map map;
        struct jb_fault fault = {""};
        assert_int_equal(read_map(&map, bad[i], &fault), JB_CONFIG);
        assert_non_null(strstr(fault.text, "test.map"));
        jb_ex_map_fini(&map);
    }
}

static void words_go_both_ways(void **state)
{
    struct jb_ex_map map;
    struct jb_fault fault = {""};
    (void)state;
    assert_int_equal(read_map(&map,
                              MINIMAL "[channel]\nletter = 信 | 来信\nonline = *\n"
                                      "[status]\nclosed = 审核认定办结\n",
                              &fault),
                     JB_OK);
    assert_string_equal(jb_ex_map_ours(&map, "channel", "来信"), "letter");
    assert_string_equal(jb_ex_map_ours(&map, "channel", "whatever"), "online");
    assert_null(jb_ex_map_ours(&map, "matter", "来信"));
    assert_string_equal(jb_ex_map_theirs(&map, "status", "closed"), "审核认定办结");
    assert_string_equal(jb_ex_map_theirs(&map, "status", "sent"), "sent");
    jb_ex_map_fini(&map);
}

/* ---- records ---- */

static const char whole[] = MINIMAL "content = 内容\nchannel = 形式\nmatter = 目的\n"
                                    "people = 人数\nreceived_at = 日期\nperson_name = 姓名\n"
                                    "repeat = 重复\nsend_to = 单位\ndue = 期限\n"
                                    "[defaults]\nmatter = appeal\n[channel]\nletter = 信\n"
                                    "[send_to]\nrsj = 人社局\n";

static const char *const names[] = {"编号", "标题", "主题", "内容", "形式", "目的",
                                    "人数", "日期", "姓名", "重复", "单位", "期限"};
#define COLUMNS (sizeof names / sizeof names[0])

struct given {
    const char *values[COLUMNS];
};

static enum jb_err draft_of(const struct given *g, struct jb_ex_draft *d, struct jb_arena *arena,
                            struct jb_ex_map *map)
{
    struct jb_fault fault = {""};
    const struct jb_ex_record r = {names, g->values, COLUMNS};
    jb_arena_init(arena, 1024 * 1024);
    assert_int_equal(read_map(map, whole, &fault), JB_OK);
    enum jb_err err = jb_ex_draft_read(map, &r, arena, d, &fault);
    assert_true(err == JB_OK || fault.text[0] != '\0');
    return err;
}

static void a_record_becomes_an_act(void **state)
{
    const struct given g = {{" A-1 ", "", "路灯\r\n　不亮", "文\n字", "信", "", "3", "2026/11/20",
                             "甲", "是", "人社局", "2026-12-01"}};
    struct jb_ex_draft d;
    struct jb_ex_map map;
    struct jb_arena arena;
    (void)state;
    assert_int_equal(draft_of(&g, &d, &arena, &map), JB_OK);
    assert_string_equal(d.number, "A-1");
    assert_string_equal(d.act.title, "路灯 不亮"); /* the second column: the first one is empty */
    assert_string_equal(d.act.content, "文\n字");
    assert_int_equal(d.act.channel, JIAOBAN_LETTER);
    assert_int_equal(d.act.matter, JIAOBAN_APPEAL);
    assert_int_equal(d.act.people, 3);
    assert_int_equal(d.act.flags, JIAOBAN_FLAG_REPEAT);
    assert_int_equal(d.act.person_count, 1);
    assert_string_equal(d.act.persons[0].name, "甲");
    assert_string_equal(d.send_to, "rsj");
    assert_true(d.due_ms - d.act.received_at_ms == 12 * JB_DAY_MS); /* the end of that day */
    jb_ex_map_fini(&map);
    jb_arena_fini(&arena);
}

static void without_a_title_the_content_begins_one(void **state)
{
    struct given g = {{"1", "", "", "", "", "", "", "", "", "", "", ""}};
    char text[200] = "";
    struct jb_ex_draft d;
    struct jb_ex_map map;
    struct jb_arena arena;
    (void)state;
    for (size_t i = 0; i < 50; i++)
        memcpy(text + 3 * i, "字", 3);
    g.values[3] = text;
    assert_int_equal(draft_of(&g, &d, &arena, &map), JB_OK);
    assert_int_equal(strlen(d.act.title), 120); /* 40 characters, whole ones */
    assert_int_equal(d.act.person_count, 0);
    jb_ex_map_fini(&map);
    jb_arena_fini(&arena);
}

static void what_is_wrong_is_named_by_its_column(void **state)
{
    static const struct {
        size_t at;
        const char *value, *column;
        enum jb_err err;
    } rows[] = {
        {0, "", "编号", JB_MISSING},
        {0, "0123456789012345678901234567890123456789012345678901234567890123456789", "编号",
         JB_TOO_LARGE},
        {4, "pigeon", "形式", JB_RANGE},
        {6, "-1", "人数", JB_RANGE},
        {6, "1000001", "人数", JB_RANGE},
        {7, "soon", "日期", JB_MALFORMED},
        {9, "maybe", "重复", JB_RANGE},
        {11, "2026-02-30", "期限", JB_RANGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct given g = {{"1", "t", "", "", "", "", "", "", "", "", "", ""}};
        struct jb_ex_draft d;
        struct jb_ex_map map;
        struct jb_arena arena;
        g.values[rows[i].at] = rows[i].value;
        assert_int_equal(draft_of(&g, &d, &arena, &map), rows[i].err);
        assert_string_equal(d.column, rows[i].column);
        jb_ex_map_fini(&map);
        jb_arena_fini(&arena);
    }
    struct given g = {{"1", "t", "", "", "", "", "", "", "", "", "", ""}};
    struct jb_ex_draft d;
    struct jb_ex_map map;
    struct jb_arena arena;
    g.values[8] = jb_ex_flawed(JB_EX_FLAW_NUL);
    assert_int_equal(draft_of(&g, &d, &arena, &map), JB_MALFORMED);
    assert_string_equal(d.column, "姓名");
    jb_ex_map_fini(&map);
    jb_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_as_others_write_them),
        cmocka_unit_test(the_map_is_checked),
        cmocka_unit_test(words_go_both_ways),
        cmocka_unit_test(a_record_becomes_an_act),
        cmocka_unit_test(without_a_title_the_content_begins_one),
        cmocka_unit_test(what_is_wrong_is_named_by_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
