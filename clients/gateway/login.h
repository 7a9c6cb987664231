/* The record of log-ins: who, from where, how, with which outcome. Loop thread only. */
#ifndef JB_CLIENTS_GATEWAY_LOGIN_H
#define JB_CLIENTS_GATEWAY_LOGIN_H

#include "clients/gateway/session.h"

/* Stored: numbers stay. */
#define JB_GW_OUTCOMES(X)                                                                          \
    X(SIGNED_IN, 1, signed_in)                                                                     \
    X(WRONG_PASSWORD, 2, wrong_password)                                                           \
    X(UNKNOWN, 3, unknown)                                                                         \
    X(DISABLED, 4, disabled)                                                                       \
    X(LOCKED_OUT, 5, locked)                                                                       \
    X(EXPIRED, 6, expired)                                                                         \
    X(SIGNED_OUT, 7, signed_out)                                                                   \
    X(PASSWORD_CHANGED, 8, password_changed)

enum jb_gw_outcome {
#define X(name, number, word) JB_GW_LOGIN_##name = (number),
    JB_GW_OUTCOMES(X)
#undef X
};
/* "" for a number that is none. */
const char *jb_gw_outcome_word(enum jb_gw_outcome outcome);

struct jb_gw_login {
    int64_t number, at_ms;
    const char *user, *address;
    enum jb_gw_method method;
    enum jb_gw_outcome outcome;
};

/* Add a row (its number is chosen), and a line to the log. */
JB_MUST enum jb_err jb_gw_login_add(struct jb_gw_store *store, const struct jb_gw_login *l);
/* Keep the newest `rows`. */
JB_MUST enum jb_err jb_gw_login_trim(struct jb_gw_store *store, int64_t rows);
/* The rows before a number (INT64_MAX: the newest), newest first. Texts in the arena. */
JB_MUST enum jb_err jb_gw_login_list(struct jb_gw_store *store, int64_t before,
                                     struct jb_arena *arena, struct jb_gw_login *out,
                                     size_t *count);

#endif
