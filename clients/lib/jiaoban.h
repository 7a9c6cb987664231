/* libjiaoban: talk to the jiaoban agent of your agency (or, as an administrator, to the broker).
 *
 * Texts are UTF-8, NUL-terminated, without control characters in one-line fields. Instants are
 * int64_t milliseconds since 1970-01-01 UTC; 0 or NULL in an argument means "not given". Agencies
 * are directory numbers (jiaoban_find_node), cases are case numbers in any usual spelling
 * ("20261123-00007-00042-9", with or without dashes and blanks, also in full-width digits).
 *
 * Structs of arguments begin with `size`: set it to sizeof and zero the rest, then fields can be
 * added to later versions without harm:
 *     struct jiaoban_act a = {.size = sizeof a, .case_number = no, .text = "..."};
 *     status = jiaoban_note(j, &a, NULL, NULL);
 * Rows of results only grow at their end, and are reached by pointer, never by array index.
 *
 * Threads: a handle and its results belong to one thread at a time; different handles are
 * independent. The library starts no thread, installs no signal handler, never raises SIGPIPE.
 * After a lost connection the next request connects again. */
#ifndef JIAOBAN_H
#define JIAOBAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jiaoban_receipts.h"
#include "jiaoban_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define JIAOBAN_API __attribute__((visibility("default")))
#define JIAOBAN_MUST __attribute__((warn_unused_result))

struct jiaoban;        /* one connection */
struct jiaoban_result; /* what one request brought back; owns all that its rows point to */

/* ---- errors: enum jiaoban_status in jiaoban_types.h -------------------------------------------
 */

/* "NOT_FOUND"; an English text. Static storage, any thread, any number. */
JIAOBAN_API const char *jiaoban_status_name(enum jiaoban_status status);
JIAOBAN_API const char *jiaoban_status_text(enum jiaoban_status status);
/* Exit code of a command line program: 0 ok, 2 usage, 3 refused by a rule, 4 not found (or exists
 * already), 5 bad input, 6 not permitted, 7 cannot reach the other end, 8 local resources, 9
 * integrity. */
JIAOBAN_API int jiaoban_status_exit(enum jiaoban_status status);
/* What went wrong in the last failed call on this handle and what to do about it, in English, one
 * line. Valid until the next call on it. Never NULL; j may be NULL. */
JIAOBAN_API const char *jiaoban_error_text(const struct jiaoban *j);
/* "0.1.0" */
JIAOBAN_API const char *jiaoban_version(void);

/* ---- connection ----------------------------------------------------------------------------- */

/* Connect to the agent. path NULL: $JIAOBAN_SOCKET, else /run/jiaoban/agent.sock. *out is set even
 * on failure (but for NOMEM: NULL), for jiaoban_error_text; close it in any case. OFFLINE, DENIED,
 * BUSY, CONFIG (the path), IO, NOMEM. */
JIAOBAN_API JIAOBAN_MUST enum jiaoban_status jiaoban_open(const char *path, struct jiaoban **out);
/* The same for the broker's administration. NULL: $JIAOBAN_ADMIN, else /run/jiaoban/admin.sock. */
JIAOBAN_API JIAOBAN_MUST enum jiaoban_status jiaoban_open_admin(const char *path,
                                                                struct jiaoban **out);
/* Close and free; NULL is allowed. Requests in flight end without their callbacks; results stay
 * valid. Not from inside a callback. */
JIAOBAN_API void jiaoban_close(struct jiaoban *j);
/* The path in use; owned by the handle. */
JIAOBAN_API const char *jiaoban_path(const struct jiaoban *j);

/* ---- results -------------------------------------------------------------------------------- */

/* Free a result and all rows in it; NULL is allowed. */
JIAOBAN_API void jiaoban_result_free(struct jiaoban_result *r);
/* How many rows there are; whether the listing goes on (ask again, after the last row). */
JIAOBAN_API size_t jiaoban_result_count(const struct jiaoban_result *r);
JIAOBAN_API bool jiaoban_result_more(const struct jiaoban_result *r);
/* Row i of a listing, or i = 0 of a single answer. NULL: no such row, or rows of another type. */
JIAOBAN_API const struct jiaoban_settled *jiaoban_result_settled(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_case *jiaoban_result_case(const struct jiaoban_result *r,
                                                           size_t i);
JIAOBAN_API const struct jiaoban_deadline *jiaoban_result_deadline(const struct jiaoban_result *r,
                                                                   size_t i);
JIAOBAN_API const struct jiaoban_node *jiaoban_result_node(const struct jiaoban_result *r,
                                                           size_t i);
JIAOBAN_API const struct jiaoban_pending *jiaoban_result_pending(const struct jiaoban_result *r,
                                                                 size_t i);
JIAOBAN_API const struct jiaoban_alarm *jiaoban_result_alarm(const struct jiaoban_result *r,
                                                             size_t i);
JIAOBAN_API const struct jiaoban_state *jiaoban_result_state(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_check *jiaoban_result_check(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_evidence *jiaoban_result_evidence(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_news *jiaoban_result_news(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_done *jiaoban_result_done(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_directive *jiaoban_result_directive(const struct jiaoban_result *r,
                                                                     size_t i);
JIAOBAN_API const struct jiaoban_docket *jiaoban_result_docket(const struct jiaoban_result *r,
                                                               size_t i);
JIAOBAN_API const struct jiaoban_proposal *jiaoban_result_proposal(const struct jiaoban_result *r,
                                                                   size_t i);
JIAOBAN_API const struct jiaoban_delegation *jiaoban_result_delegation(
    const struct jiaoban_result *r, size_t i);
JIAOBAN_API const struct jiaoban_entry_receipts *jiaoban_result_entry_receipts(
    const struct jiaoban_result *r, size_t i);
JIAOBAN_API const struct jiaoban_explain *jiaoban_result_explain(const struct jiaoban_result *r,
                                                                 size_t i);
JIAOBAN_API const struct jiaoban_rule *jiaoban_result_rule(const struct jiaoban_result *r,
                                                           size_t i);
JIAOBAN_API const struct jiaoban_rulebook *jiaoban_result_rulebook(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_right *jiaoban_result_right(const struct jiaoban_result *r,
                                                             size_t i);
JIAOBAN_API const struct jiaoban_rights *jiaoban_result_rights(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_audit *jiaoban_result_audit(const struct jiaoban_result *r,
                                                             size_t i);
JIAOBAN_API const struct jiaoban_public *jiaoban_result_public(const struct jiaoban_result *r);
JIAOBAN_API const struct jiaoban_figure *jiaoban_result_figure(const struct jiaoban_result *r,
                                                               size_t i);
JIAOBAN_API const struct jiaoban_report *jiaoban_result_report(const struct jiaoban_result *r);
/* The whole answer as JSON: field names as in the protocol's schema, 64-bit numbers as strings,
 * absent fields left out, lists always there. indent 0: one line. Belongs to the result until the
 * next call. NULL: out of memory. */
JIAOBAN_API const char *jiaoban_result_json(struct jiaoban_result *r, int indent);

/* ---- submissions: what is done to a case ----------------------------------------------------- */

struct jiaoban_options {
    size_t size;
    uint32_t wait_ms;         /* for the verdict; 0: return as soon as it is safe in the outbox */
    const char *on_behalf_of; /* the person for whom a system account acts */
    uint32_t timeout_ms;      /* for the agent to answer at all, beyond wait_ms; 0: 30 s */
    const char *token; /* at most 64 bytes, of the caller's choosing: a submission with the token of
                          an earlier one of the same user within 24 hours is not made again, it is
                          answered with the earlier one's verdict */
    bool dry_run; /* only say what would come of it, by the same rules; nothing is done. OK with
                     jiaoban_result_trial (jiaoban_serve.h), also when a rule would refuse it */
};
#define JIAOBAN_WAIT_MS 10000 /* wait_ms when options are NULL */

/* Every submission answers in the same way. *out (NULL: not wanted) is owned by the caller and set
 * with OK and REFUSED, see jiaoban_result_settled:
 *   OK       accepted, or `pending`: safe in the agent's outbox, undecided when wait_ms was over
 *   REFUSED  by a rule; nothing was changed. The error text names the rule and what to do.
 * MISSING, RANGE, MALFORMED, BAD_UTF8, TOO_LARGE: bad argument. BUSY, CLOSED: no answer in time or
 * at all; the submission may be stored (jiaoban_get_pending tells). OFFLINE, DENIED, IO, NOMEM. */
#define JIAOBAN_SUBMISSION                                                                         \
    struct jiaoban *j, const struct jiaoban_act *act, const struct jiaoban_options *options,       \
        struct jiaoban_result **out

/* Beside each: the fields of its act; a star marks those that must be given. All but the first take
 * case_number* and custody, unless another thing is said. */
/* 登记: title*, matter, channel, content, class_code, place_code, flags, people, foreign_system,
 * foreign_number, received_at_ms, persons, accused, other_case_number (the case that this one is
 * split from). The number of the new case comes back, and its query code. */
JIAOBAN_API enum jiaoban_status jiaoban_register(JIAOBAN_SUBMISSION);
/* 交办: node*, co_handlers, authority (0: what the sender's office has), due_ms, basis, text,
 * report_form, countersigned_by */
JIAOBAN_API enum jiaoban_status jiaoban_assign(JIAOBAN_SUBMISSION);
/* 转送: node*, co_handlers, text */
JIAOBAN_API enum jiaoban_status jiaoban_forward(JIAOBAN_SUBMISSION);
/* 移交: node*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_handover(JIAOBAN_SUBMISSION);
/* 移送: organ*, node, reason */
JIAOBAN_API enum jiaoban_status jiaoban_refer(JIAOBAN_SUBMISSION);
/* 签收: text */
JIAOBAN_API enum jiaoban_status jiaoban_sign_for(JIAOBAN_SUBMISSION);
/* 受理: exit (0: RESIDUE), notice_no, told_at_ms, how */
JIAOBAN_API enum jiaoban_status jiaoban_accept(JIAOBAN_SUBMISSION);
/* 不予受理: reason*, decline_kind (0: NOT_ACCEPTED), notice_no, told_at_ms, how */
JIAOBAN_API enum jiaoban_status jiaoban_decline(JIAOBAN_SUBMISSION);
/* 告知: told_at_ms*, notice_no, how */
JIAOBAN_API enum jiaoban_status jiaoban_notify(JIAOBAN_SUBMISSION);
/* 异议: reason* */
JIAOBAN_API enum jiaoban_status jiaoban_object(JIAOBAN_SUBMISSION);
/* on an objection: ruling*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_rule(JIAOBAN_SUBMISSION);
/* 指定: node*, co_handlers, due_ms, basis */
JIAOBAN_API enum jiaoban_status jiaoban_designate(JIAOBAN_SUBMISSION);
/* 延期: days*, reason*, approved_by*, deadline_id (0: handle), told_at_ms */
JIAOBAN_API enum jiaoban_status jiaoban_extend(JIAOBAN_SUBMISSION);
/* 备注: text* */
JIAOBAN_API enum jiaoban_status jiaoban_note(JIAOBAN_SUBMISSION);
/* 答复: opinion*, text*, opinion_no, report, told_at_ms, how */
JIAOBAN_API enum jiaoban_status jiaoban_answer(JIAOBAN_SUBMISSION);
/* 落实: text, done_at_ms */
JIAOBAN_API enum jiaoban_status jiaoban_execute(JIAOBAN_SUBMISSION);
/* 办结: close_no, text */
JIAOBAN_API enum jiaoban_status jiaoban_close_case(JIAOBAN_SUBMISSION);
/* a person acknowledges a deadline: deadline_id*, text */
JIAOBAN_API enum jiaoban_status jiaoban_acknowledge(JIAOBAN_SUBMISSION);
/* shown to a person: log_seq */
JIAOBAN_API enum jiaoban_status jiaoban_opened(JIAOBAN_SUBMISSION);

/* 提请裁决, who handles it: node (0: whose turn it is), reason */
JIAOBAN_API enum jiaoban_status jiaoban_escalate_dispute(JIAOBAN_SUBMISSION);
/* 归类: matter, class_code, reason, countersigned_by (the second person), accused */
JIAOBAN_API enum jiaoban_status jiaoban_classify(JIAOBAN_SUBMISSION);
/* 简易办理: reason */
JIAOBAN_API enum jiaoban_status jiaoban_start_simple(JIAOBAN_SUBMISSION);
/* 转普通程序: reason */
JIAOBAN_API enum jiaoban_status jiaoban_turn_ordinary(JIAOBAN_SUBMISSION);
/* 关联: other_case_number*, link_kind* (REPEAT to CROSS_BOUNDARY), reason */
JIAOBAN_API enum jiaoban_status jiaoban_link(JIAOBAN_SUBMISSION);
/* 并案, into the other: other_case_number*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_merge(JIAOBAN_SUBMISSION);
/* 分案: other_case_numbers* (registered before, each naming this one), reason */
JIAOBAN_API enum jiaoban_status jiaoban_split(JIAOBAN_SUBMISSION);
/* 重启: ground*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_reopen(JIAOBAN_SUBMISSION);
/* 回避: person, node (0: the own agency), reason; no person: the whole agency */
JIAOBAN_API enum jiaoban_status jiaoban_recuse(JIAOBAN_SUBMISSION);
/* 销毁密封数据: reason, countersigned_by (the second person); cannot be taken back */
JIAOBAN_API enum jiaoban_status jiaoban_erase(JIAOBAN_SUBMISSION);
/* 送达: how*, told_at_ms*, notice_no, person (who took it) */
JIAOBAN_API enum jiaoban_status jiaoban_record_delivery(JIAOBAN_SUBMISSION);
/* 紧急报告: node, text */
JIAOBAN_API enum jiaoban_status jiaoban_report_up(JIAOBAN_SUBMISSION);
/* 申请复查, 申请复核: node (0: the next higher organ), received_at_ms, text */
JIAOBAN_API enum jiaoban_status jiaoban_request_review(JIAOBAN_SUBMISSION);
JIAOBAN_API enum jiaoban_status jiaoban_request_recheck(JIAOBAN_SUBMISSION);
/* 复查意见, 复核意见: opinion*, text*, opinion_no, told_at_ms, how */
JIAOBAN_API enum jiaoban_status jiaoban_give_review(JIAOBAN_SUBMISSION);
JIAOBAN_API enum jiaoban_status jiaoban_give_recheck(JIAOBAN_SUBMISSION);
/* 听证开始, 听证结束; the recheck clock pauses: from_ms / until_ms (0: now), text */
JIAOBAN_API enum jiaoban_status jiaoban_start_hearing(JIAOBAN_SUBMISSION);
JIAOBAN_API enum jiaoban_status jiaoban_end_hearing(JIAOBAN_SUBMISSION);
/* 三级终结: text */
JIAOBAN_API enum jiaoban_status jiaoban_terminate(JIAOBAN_SUBMISSION);

/* 附件: the contents of a file, at most 50 MiB, go to the agent piece by piece and are sealed there
 * under the key of the case, like the file's name and the note; then the act is submitted. Waits
 * for both. Whoever may read the case's sealed data gets the contents, by and by. */
typedef void (*jiaoban_progress_fn)(void *data, uint64_t done, uint64_t total); /* bytes */
struct jiaoban_attach_args {
    size_t size;                  /* sizeof this struct */
    const char *case_number;      /* required */
    const char *path;             /* of the file; required */
    const char *name;             /* shown for it; NULL: the path's last part */
    const char *note;             /* NULL: none */
    const char *media_type;       /* NULL: not said */
    jiaoban_progress_fn progress; /* NULL: none; called on this thread after each piece */
    void *progress_data;
};
JIAOBAN_API JIAOBAN_MUST enum jiaoban_status jiaoban_attach(struct jiaoban *j,
                                                            const struct jiaoban_attach_args *args,
                                                            const struct jiaoban_options *options,
                                                            struct jiaoban_result **out);
/* Write an attachment into a new file, which is not there when this fails. EXISTS: it was there
 * before; BUSY: not all of it has come to this machine yet (jiaoban_error says how much); CORRUPT:
 * a piece was damaged here and is fetched again; DENIED: not for this agency, or erased. */
struct jiaoban_fetch_args {
    size_t size;             /* sizeof this struct */
    const char *case_number; /* required */
    const char *hash;        /* of struct jiaoban_attachment; required */
    const char *path;        /* of the new file; required */
    jiaoban_progress_fn progress;
    void *progress_data;
};
JIAOBAN_API JIAOBAN_MUST enum jiaoban_status jiaoban_fetch(struct jiaoban *j,
                                                           const struct jiaoban_fetch_args *args);

/* 指令: power*, audience, node, co_handlers, authority, level, official, countersigned_by, due_ms,
 * basis, text, report_form, people, flags, recommendation, demand, other_case_number. Without a
 * case number, and with a title*, it opens a file of its own, whose number comes back. */
JIAOBAN_API enum jiaoban_status jiaoban_issue_directive(JIAOBAN_SUBMISSION);
/* 会签: directive_no*, countersigned_by* */
JIAOBAN_API enum jiaoban_status jiaoban_countersign_directive(JIAOBAN_SUBMISSION);
/* 签收指令: directive_no* */
JIAOBAN_API enum jiaoban_status jiaoban_sign_directive(JIAOBAN_SUBMISSION);
/* 回复指令: directive_no*, text, adopted */
JIAOBAN_API enum jiaoban_status jiaoban_answer_directive(JIAOBAN_SUBMISSION);
/* 核销指令: directive_no*, node (one receiver; 0: all), text */
JIAOBAN_API enum jiaoban_status jiaoban_clear_directive(JIAOBAN_SUBMISSION);
/* 对指令的异议: directive_no*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_object_directive(JIAOBAN_SUBMISSION);
/* 撤回指令: directive_no*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_withdraw_directive(JIAOBAN_SUBMISSION);
/* 授权, 收回授权; no case number: official*, power (0: all), valid_from_ms, valid_to_ms /
 * official*, reason */
JIAOBAN_API enum jiaoban_status jiaoban_delegate(JIAOBAN_SUBMISSION);
JIAOBAN_API enum jiaoban_status jiaoban_end_delegation(JIAOBAN_SUBMISSION);
/* 督办立项: docket_no*, step*, node, due_ms, text, basis; without a case number, and with a title*,
 * in a file of its own */
JIAOBAN_API enum jiaoban_status jiaoban_open_docket(JIAOBAN_SUBMISSION);
/* 督办升级: docket_no*, step*, due_ms, text, basis */
JIAOBAN_API enum jiaoban_status jiaoban_step_docket(JIAOBAN_SUBMISSION);
/* 督办销号: docket_no*, text */
JIAOBAN_API enum jiaoban_status jiaoban_close_docket(JIAOBAN_SUBMISSION);
/* 催办: node (0: the host), text */
JIAOBAN_API enum jiaoban_status jiaoban_urge(JIAOBAN_SUBMISSION);
/* 满意度评价: rated_party*, satisfaction*, query_code*. The agent seals it: the rated cannot read
 * it while the window is open. */
JIAOBAN_API enum jiaoban_status jiaoban_rate(JIAOBAN_SUBMISSION);
/* 包案, 工作方案: official, text, due_ms */
JIAOBAN_API enum jiaoban_status jiaoban_set_plan(JIAOBAN_SUBMISSION);
/* a commitment of the plan was kept: deadline_id*, text, done_at_ms */
JIAOBAN_API enum jiaoban_status jiaoban_fulfil(JIAOBAN_SUBMISSION);
/* Any of them by its name in the schema ("sign_for", "rule_on_objection", "close"). */
JIAOBAN_API enum jiaoban_status jiaoban_submit(struct jiaoban *j, const char *kind,
                                               const struct jiaoban_act *act,
                                               const struct jiaoban_options *options,
                                               struct jiaoban_result **out);

/* ---- questions ------------------------------------------------------------------------------ */

/* One struct for all; each question reads the fields named at its function, zero does not filter.
 */
struct jiaoban_query {
    size_t size;
    const char *case_number;
    uint32_t node; /* nodes, deadlines: whose; cases: host */
    uint32_t registrar;
    int stage, matter, light;
    bool mine; /* what this agency owes or holds */
    bool open_only, missed_only, objections;
    bool timeline;    /* with the history */
    bool ask_broker;  /* verify: compare with the broker as well */
    bool alarms;      /* watch: alarms too; news: alarms alone, those after `number` */
    const char *text; /* part of title or number; for nodes: code, number or part of the name */
    const char *class_code;
    int64_t from_ms, to_ms; /* registered in this span */
    int64_t due_before_ms;
    int64_t after_case_no, after_due_ms; /* next page: those of the last row */
    uint64_t number;  /* settled: of the submission; watch: also what came after this item; 0: news;
                       * alarms: with `all`, those after this id */
    uint32_t limit;   /* rows at most; 0: the agent's default */
    uint32_t wait_ms; /* settled: for the verdict */
    const char *on_behalf_of;    /* every question: the person for whom a system account asks */
    int power;                   /* directives */
    bool issued;                 /* directives: by this agency (mine: addressed to it) */
    uint64_t after_directive_no; /* next page, beside after_case_no: of the last row */
    const char *after_docket_no;
    uint32_t deadline_id;          /* explain: 0: all of the case */
    const char *name, *query_code; /* public */
    const char *indicator;         /* report: one of them; NULL: all */
    const char *counts; /* report: "class", "place", "channel", "matter" in place of indicators */
    bool cases;         /* report: with the cases behind each figure */
    bool persons;       /* case: with the petitioners' data; evidence: with the key to them. The
                         * agent records who read them */
    const char *place_code; /* cases */
    uint32_t flags;         /* cases: with all of these JIAOBAN_FLAG_* */
    int demand;             /* directives */
    bool former;            /* pending: what was accepted before a restore and the record lacks */
    bool all;               /* of those also what became of the others; alarms: oldest first */
};

/* Each sets *out (owned by the caller) with OK and with nothing else; q may be NULL where all
 * fields are optional. NOT_FOUND, MALFORMED (case number), BUSY after 30 s, CLOSED, OFFLINE ... */
#define JIAOBAN_QUESTION                                                                           \
    struct jiaoban *j, const struct jiaoban_query *q, struct jiaoban_result **out
/* newest first: stage, node, registrar, text, open_only, light, class_code, mine, from_ms, to_ms,
 * after_case_no, limit, matter, objections, place_code, flags */
JIAOBAN_API enum jiaoban_status jiaoban_get_cases(JIAOBAN_QUESTION);
/* case_number*, timeline, persons */
JIAOBAN_API enum jiaoban_status jiaoban_get_case(JIAOBAN_QUESTION);
/* soonest first: case_number, mine, open_only, missed_only, due_before_ms, limit, node, after_* */
JIAOBAN_API enum jiaoban_status jiaoban_get_deadlines(JIAOBAN_QUESTION);
/* text */
JIAOBAN_API enum jiaoban_status jiaoban_get_nodes(JIAOBAN_QUESTION);
/* the outbox, or `former`, `all`: number (of the last row: the next page), limit */
JIAOBAN_API enum jiaoban_status jiaoban_get_pending(JIAOBAN_QUESTION);
/* number*, wait_ms */
JIAOBAN_API enum jiaoban_status jiaoban_get_settled(JIAOBAN_QUESTION);
/* agent or broker */
JIAOBAN_API enum jiaoban_status jiaoban_get_state(JIAOBAN_QUESTION);
/* newest first: limit; or oldest first: all, number, limit */
JIAOBAN_API enum jiaoban_status jiaoban_get_alarms(JIAOBAN_QUESTION);
/* 指令, newest case first: case_number, mine, issued, open_only, power, demand, after_case_no,
 * after_directive_no, limit */
JIAOBAN_API enum jiaoban_status jiaoban_get_directives(JIAOBAN_QUESTION);
/* 督办: case_number, open_only, after_case_no, after_docket_no, limit */
JIAOBAN_API enum jiaoban_status jiaoban_get_dockets(JIAOBAN_QUESTION);
/* next steps of the supervision ladder: case_number, after_case_no, limit */
JIAOBAN_API enum jiaoban_status jiaoban_get_proposals(JIAOBAN_QUESTION);
/* no fields */
JIAOBAN_API enum jiaoban_status jiaoban_get_delegations(JIAOBAN_QUESTION);
/* case_number*, deadline_id */
JIAOBAN_API enum jiaoban_status jiaoban_get_explain(JIAOBAN_QUESTION);
/* who had what when: case_number*, number (next page: the last row's), limit (at most 100) */
JIAOBAN_API enum jiaoban_status jiaoban_get_receipts(JIAOBAN_QUESTION);
/* the running policy; no fields. See also jiaoban_result_rulebook. */
JIAOBAN_API enum jiaoban_status jiaoban_get_rules(JIAOBAN_QUESTION);
/* who asks, and the table of rights; no fields; agent or broker. See also jiaoban_result_rights. */
JIAOBAN_API enum jiaoban_status jiaoban_get_rights(JIAOBAN_QUESTION);
/* The access log, oldest first (at the broker the audit log): case_number, text (a user), from_ms,
 * number (rows after it), limit. DENIED: see jiaoban_get_rights. */
JIAOBAN_API enum jiaoban_status jiaoban_get_audit(JIAOBAN_QUESTION);
/* A petitioner asks: name*, query_code*. NOT_FOUND whatever does not fit; BUSY after several wrong
 * ones. */
JIAOBAN_API enum jiaoban_status jiaoban_get_public(JIAOBAN_QUESTION);
/* Appraisal: from_ms*, to_ms* (exclusive), node, indicator, cases, counts. See also
 * jiaoban_result_report. */
JIAOBAN_API enum jiaoban_status jiaoban_get_report(JIAOBAN_QUESTION);
/* a file about one case that others can check without this system: case_number*, persons.
 * TOO_LARGE: write it with jiaoban-agent --evidence. */
JIAOBAN_API enum jiaoban_status jiaoban_get_evidence(JIAOBAN_QUESTION);
/* ask_broker; may take minutes */
JIAOBAN_API enum jiaoban_status jiaoban_verify(JIAOBAN_QUESTION);
/* The one agency with this code, number, or (part of a) name. NOT_FOUND: none; RANGE: several, the
 * error text names some. */
JIAOBAN_API enum jiaoban_status jiaoban_find_node(struct jiaoban *j, const char *what,
                                                  uint32_t *node);

/* Begin to watch (number, alarms); use a handle of its own for it. The first event is the present
 * state. With a number, the stream items after it that the replica holds follow (not what was the
 * history of a case joined since, nor a case left since), then what happens. Alarms and states of
 * the line are not repeated. */
JIAOBAN_API enum jiaoban_status jiaoban_watch(struct jiaoban *j, const struct jiaoban_query *q);
/* The next event, waiting at most timeout_ms (negative: for ever); *out is owned by the caller.
 * BUSY: none came in time. CLOSED: begin again, after the last number seen. */
JIAOBAN_API enum jiaoban_status jiaoban_watch_next(struct jiaoban *j, int timeout_ms,
                                                   struct jiaoban_result **out);

/* ---- administration: handles of jiaoban_open_admin ------------------------------------------- */

struct jiaoban_node_args {
    size_t size;
    uint32_t node;           /* 0 in an enrolment: the broker numbers it */
    const char *code, *name; /* code: [a-z0-9][a-z0-9.-]{0,31} */
    int level, kind;         /* enum jiaoban_level, jiaoban_node_kind */
    uint32_t parent;         /* 0: a root */
    const char *region, *credit_code;
    int64_t valid_from_ms, valid_to_ms;
    const char *public_keys; /* "jbk1:...", as printed by jiaoban-agent --keygen */
    const char *reason;
    uint32_t successor;
};
/* Answers as struct jiaoban_done, with REFUSED as struct jiaoban_settled; *out as for submissions,
 * may be NULL. */
#define JIAOBAN_NODE_CHANGE                                                                        \
    struct jiaoban *j, const struct jiaoban_node_args *args, struct jiaoban_result **out
JIAOBAN_API enum jiaoban_status jiaoban_node_enrol(JIAOBAN_NODE_CHANGE);
/* given fields only */
JIAOBAN_API enum jiaoban_status jiaoban_node_change(JIAOBAN_NODE_CHANGE);
/* node, public_keys, reason */
JIAOBAN_API enum jiaoban_status jiaoban_node_replace_keys(JIAOBAN_NODE_CHANGE);
/* node, valid_to_ms, successor, reason */
JIAOBAN_API enum jiaoban_status jiaoban_node_retire(JIAOBAN_NODE_CHANGE);
/* Install a file's contents; kind "policy" or "calendar". dry_run: only say what would change. */
JIAOBAN_API enum jiaoban_status jiaoban_install(struct jiaoban *j, const char *kind,
                                                const void *body, size_t body_bytes, bool dry_run,
                                                struct jiaoban_result **out);
JIAOBAN_API enum jiaoban_status jiaoban_reload(struct jiaoban *j, struct jiaoban_result **out);
/* The wall clock jumped, and is right: go on firing deadlines. `reason` stands in the log. */
JIAOBAN_API enum jiaoban_status jiaoban_confirm_clock(struct jiaoban *j, const char *reason,
                                                      struct jiaoban_result **out);

/* ---- without blocking ------------------------------------------------------------------------ */

/* The answer to one request. `result` is owned by the receiver (free it; NULL unless status is OK
 * or REFUSED). Called from jiaoban_process or a blocking call, never from the call that made the
 * request; may make further requests, must not block on the handle or close it. */
typedef void (*jiaoban_answer_fn)(struct jiaoban *j, uint64_t id, enum jiaoban_status status,
                                  struct jiaoban_result *result, void *data);
/* Ask without waiting; many may be in flight, answers come in any order. `what` of a question: the
 * function's name without prefix ("cases", "case", "verify", "watch": that one answers until the
 * connection ends). fn is called exactly once (CLOSED if the connection ends; watch: once an event)
 * unless this fails, the handle is closed, or it is cancelled. *id may be NULL. There is no
 * time-out. Errors as above; BUSY: 4096 requests are in flight. */
JIAOBAN_API enum jiaoban_status jiaoban_submit_async(struct jiaoban *j, const char *kind,
                                                     const struct jiaoban_act *act,
                                                     const struct jiaoban_options *options,
                                                     jiaoban_answer_fn fn, void *data,
                                                     uint64_t *id);
JIAOBAN_API enum jiaoban_status jiaoban_request_async(struct jiaoban *j, const char *what,
                                                      const struct jiaoban_query *q,
                                                      jiaoban_answer_fn fn, void *data,
                                                      uint64_t *id);
/* Forget a request: its answer is dropped (a submission is made all the same). */
JIAOBAN_API void jiaoban_cancel(struct jiaoban *j, uint64_t id);
/* The descriptor to poll; -1 while not connected. Do not read, write or close it. It changes when
 * the library connects again. */
JIAOBAN_API int jiaoban_fd(const struct jiaoban *j);
#define JIAOBAN_READ 1u
#define JIAOBAN_WRITE 2u
/* What to poll for, JIAOBAN_READ | JIAOBAN_WRITE. */
JIAOBAN_API unsigned jiaoban_wants(const struct jiaoban *j);
/* Read and write what goes without blocking and call back. CLOSED and others: the connection ended,
 * every callback has been called; the next request connects again. */
JIAOBAN_API enum jiaoban_status jiaoban_process(struct jiaoban *j);
/* Have fn called when jiaoban_fd or jiaoban_wants change: for glue to an event loop. The old
 * descriptor is still open then. NULL ends it. */
typedef void (*jiaoban_interest_fn)(struct jiaoban *j, int fd, unsigned wants, void *data);
JIAOBAN_API void jiaoban_set_interest(struct jiaoban *j, jiaoban_interest_fn fn, void *data);

/* ---- texts ---------------------------------------------------------------------------------- */

#define JIAOBAN_TEXT 24 /* bytes for the texts below, with NUL */
/* Read a case number in any spelling; *shown gets the usual one. MALFORMED, RANGE. */
JIAOBAN_API enum jiaoban_status jiaoban_case_number(const char *text, int64_t *case_no,
                                                    char shown[JIAOBAN_TEXT]);
/* "2026-11-30", "2026年11月30日", or one of them with a time ("2026-11-30 14:05"), in China. A bare
 * date is its first instant, or with end_of_day the first one after it: a due date. MALFORMED,
 * RANGE. */
JIAOBAN_API enum jiaoban_status jiaoban_instant(const char *text, bool end_of_day,
                                                int64_t *instant_ms);
/* "2026-11-30 14:05"; `due`: midnight is written as 24:00 of the day before. */
JIAOBAN_API void jiaoban_instant_text(int64_t instant_ms, bool due, char text[JIAOBAN_TEXT]);

#ifdef __cplusplus
}
#endif

#endif
