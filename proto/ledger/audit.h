/* Who opened what: the access log of an agency (every read of sealed data through its endpoint) and
 * the audit log of the broker (every administrator's request that changes or reveals something).
 *
 * Rows are numbered 1, 2, 3 ..., chained by hash, and the end of the chain is signed with the
 * node's own key each time rows are added: who can write the file but has no key can neither
 * change, insert nor drop a row unseen. Rows whose time is over go from the front; what is left
 * still verifies. It is about officials: of a case only the number is kept, of its content nothing.
 * Threading and transactions as in ledger.h. */
#ifndef JB_LEDGER_AUDIT_H
#define JB_LEDGER_AUDIT_H

#include "proto/ledger/ledger.h"
#include "proto/wire/sign.h"

#define JB_SIGN_PURPOSE_AUDIT "audit"
/* Dropped with one commit: the log shrinks faster than it grows. */
#define JB_AUDIT_TRIM_ROWS 1000

/* What was opened. These numbers are kept: never reuse one. */
enum jb_audit_field {
    JB_AUDIT_NOTHING,      /* a request of an administrator */
    JB_AUDIT_PERSONS,      /* the petitioners' data of a case, handed out */
    JB_AUDIT_NAME,         /* likewise, only compared with a name that was given */
    JB_AUDIT_ATTACHMENT,   /* an attachment's contents */
    JB_AUDIT_SINGLE_ADMIN, /* the broker started so that one account may hold all duties */
    JB_AUDIT_EVIDENCE,     /* evidence about a case, without the key of its persons */
    JB_AUDIT_KEYS_CHANGED, /* the broker's keys were changed, the former file was at hand */
    JB_AUDIT_KEYS_LOST     /* likewise, by jiaoband rekey: the former file was lost */
};

struct jb_audit_row {
    uint64_t number; /* filled in by jb_audit_append */
    int64_t at_ms;
    struct jb_text user;
    uint32_t request;  /* number of the request's body in local.proto */
    uint32_t act_kind; /* of the act in it; 0: none */
    int64_t case_no;   /* 0: none */
    uint32_t node;     /* that it is about; 0: none */
    uint32_t field;    /* enum jb_audit_field */
    uint32_t outcome;  /* 0: allowed, else the error by which it was refused */
};

/* Add rows, in one piece with the transaction. The chain's end is signed with `secret`, of the
 * ledger's own suite. FULL: the log would have more than `max_rows` (0: no limit). CORRUPT: the end
 * of the log is not readable. */
enum jb_err jb_audit_append(struct jb_ledger *l, struct jb_audit_row *rows, size_t count,
                            uint64_t max_rows, const uint8_t secret[JB_SIGN_SECRET_BYTES]) JB_MUST;
/* One row, by a program of its own that may run beside the ledger's owner: the file is opened,
 * written and closed again. LOCKED: the owner was writing all the while; DENIED: it is read-only to
 * us. */
enum jb_err jb_audit_note(const char *path, enum jb_ledger_role role, struct jb_audit_row *row,
                          const struct jb_node_keys *keys, struct jb_fault *fault) JB_MUST;
/* Drop rows of before `before_ms` from the front, at most `max` of them. Inside a transaction;
 * `secret` as above. */
enum jb_err jb_audit_trim(struct jb_ledger *l, int64_t before_ms, size_t max,
                          const uint8_t secret[JB_SIGN_SECRET_BYTES]) JB_MUST;

struct jb_audit_filter {
    int64_t case_no;     /* 0: all */
    struct jb_text user; /* empty: all */
    int64_t since_ms;    /* 0: all */
    uint64_t after;      /* number of the last row that is known */
    size_t max;          /* rows; at most 10,000 */
};
/* Rows in order, into the arena; *more: there are others behind them. */
enum jb_err jb_audit_list(struct jb_ledger *l, const struct jb_audit_filter *filter,
                          struct jb_arena *arena, struct jb_audit_row **rows, size_t *count,
                          bool *more) JB_MUST;

#endif
