/* Every statement of the gateway's own file: name, SQL. Private to store.c and the files named
 * after the tables. Times are UTC milliseconds; 0: never. */
#ifndef JB_CLIENTS_GATEWAY_SQL_H
#define JB_CLIENTS_GATEWAY_SQL_H

#define JB_GW_STATEMENTS(X)                                                                        \
    /* accounts */                                                                                 \
    X(ACCOUNT_GET, "SELECT name, display_name, hash, disabled, must_change, created_ms, "          \
                   "changed_ms, login_ms, version FROM account WHERE name = ?1")                   \
    X(ACCOUNT_LIST, "SELECT name, display_name, hash, disabled, must_change, created_ms, "         \
                    "changed_ms, login_ms, version FROM account WHERE name > ?1 ORDER BY name "    \
                    "LIMIT ?2")                                                                    \
    X(ACCOUNT_ADD, "INSERT INTO account (name, display_name, hash, disabled, must_change, "        \
                   "created_ms, changed_ms, login_ms, version) "                                   \
                   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, 1)")                                    \
    X(ACCOUNT_SET, "UPDATE account SET display_name = ?2, hash = ?3, disabled = ?4, "              \
                   "must_change = ?5, changed_ms = ?6, version = version + 1 "                     \
                   "WHERE name = ?1 AND version = ?7")                                             \
    X(ACCOUNT_LOGIN, "UPDATE account SET login_ms = ?2 WHERE name = ?1")                           \
    X(ACCOUNT_DROP, "DELETE FROM account WHERE name = ?1 AND version = ?2")                        \
    /* sessions */                                                                                 \
    X(SESSION_ADD, "INSERT INTO session (hash, user, method, created_ms, seen_ms) "                \
                   "VALUES (?1, ?2, ?3, ?4, ?4)")                                                  \
    X(SESSION_GET, "SELECT user, method, created_ms, seen_ms FROM session WHERE hash = ?1")        \
    X(SESSION_SEEN, "UPDATE session SET seen_ms = ?2 WHERE hash = ?1")                             \
    X(SESSION_DROP, "DELETE FROM session WHERE hash = ?1")                                         \
    X(SESSION_DROP_USER, "DELETE FROM session WHERE user = ?1 AND hash <> ?2")                     \
    X(SESSION_SWEEP, "DELETE FROM session WHERE seen_ms < ?1 OR created_ms < ?2")                  \
    X(SESSION_LIMIT, "DELETE FROM session WHERE user = ?1 AND hash NOT IN (SELECT hash FROM "      \
                     "session WHERE user = ?1 ORDER BY created_ms DESC LIMIT ?2)")                 \
    X(SESSION_COUNT, "SELECT count(*) FROM session")                                               \
    /* API tokens */                                                                               \
    X(TOKEN_ADD, "INSERT INTO token (name, hash, account, scopes, created_ms, expires_ms, "        \
                 "used_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)")                                    \
    X(TOKEN_GET, "SELECT name, account, scopes, created_ms, expires_ms, used_ms FROM token "       \
                 "WHERE hash = ?1")                                                                \
    X(TOKEN_LIST, "SELECT name, account, scopes, created_ms, expires_ms, used_ms FROM token "      \
                  "WHERE name > ?1 ORDER BY name LIMIT ?2")                                        \
    X(TOKEN_EXISTS, "SELECT 1 FROM token WHERE name = ?1")                                         \
    X(TOKEN_USED, "UPDATE token SET used_ms = ?2 WHERE name = ?1")                                 \
    X(TOKEN_DROP, "DELETE FROM token WHERE name = ?1")                                             \
    X(TOKEN_DROP_ACCOUNT, "DELETE FROM token WHERE account = ?1")                                  \
    /* log-ins and failures */                                                                     \
    X(LOGIN_ADD, "INSERT INTO login (at_ms, user, address, method, outcome) "                      \
                 "VALUES (?1, ?2, ?3, ?4, ?5)")                                                    \
    X(LOGIN_LIST, "SELECT number, at_ms, user, address, method, outcome FROM login "               \
                  "WHERE number < ?1 ORDER BY number DESC LIMIT ?2")                               \
    X(LOGIN_TRIM, "DELETE FROM login WHERE number <= (SELECT max(number) FROM login) - ?1")        \
    X(FAILURE_GET, "SELECT count, until_ms FROM failure WHERE key = ?1")                           \
    X(FAILURE_SET, "INSERT INTO failure (key, count, until_ms, at_ms) VALUES (?1, ?2, ?3, ?4) "    \
                   "ON CONFLICT (key) DO UPDATE SET count = ?2, until_ms = ?3, at_ms = ?4")        \
    X(FAILURE_DROP, "DELETE FROM failure WHERE key = ?1")                                          \
    X(FAILURE_SWEEP, "DELETE FROM failure WHERE at_ms < ?1 OR rowid <= "                           \
                     "(SELECT max(rowid) FROM failure) - ?2")                                      \
    /* templates of documents */                                                                   \
    X(TEMPLATE_LIST, "SELECT kind, title, body, changed_ms, changed_by, version FROM template "    \
                     "WHERE kind > ?1 ORDER BY kind LIMIT ?2")                                     \
    X(TEMPLATE_GET, "SELECT kind, title, body, changed_ms, changed_by, version FROM template "     \
                    "WHERE kind = ?1")                                                             \
    X(TEMPLATE_ADD, "INSERT INTO template (kind, title, body, changed_ms, changed_by, version) "   \
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                             \
    X(TEMPLATE_SET, "UPDATE template SET title = ?2, body = ?3, changed_ms = ?4, "                 \
                    "changed_by = ?5, version = ?6 WHERE kind = ?1 AND version = ?7")              \
    X(TEMPLATE_DROP, "DELETE FROM template WHERE kind = ?1 AND version = ?2")                      \
    /* webhooks */                                                                                 \
    X(HOOK_GET, "SELECT epoch, number, alarm FROM hook WHERE target = ?1")                         \
    X(HOOK_SET, "INSERT INTO hook (target, epoch, number, alarm) VALUES (?1, ?2, ?3, ?4) "         \
                "ON CONFLICT (target) DO UPDATE SET epoch = ?2, number = ?3, alarm = ?4")          \
    X(HOOK_SWEEP, "DELETE FROM hook WHERE instr(?1, ' ' || target || ' ') = 0")                    \
    X(DELIVERY_ADD, "INSERT INTO delivery (target, event_id, number, made_ms, next_ms, attempts, " \
                    "dead, status, error, alarm) VALUES (?1, ?2, ?3, ?4, ?4, 0, 0, 0, '', ?5) "    \
                    "ON CONFLICT (target, event_id) DO NOTHING")                                   \
    X(DELIVERY_NEXT, "SELECT id, event_id, number, made_ms, next_ms, attempts, dead, status, "     \
                     "error, alarm FROM delivery WHERE target = ?1 AND dead = 0 "                  \
                     "ORDER BY next_ms, id LIMIT 1")                                               \
    X(DELIVERY_SET, "UPDATE delivery SET next_ms = ?2, attempts = ?3, dead = ?4, status = ?5, "    \
                    "error = ?6 WHERE id = ?1")                                                    \
    X(DELIVERY_DROP, "DELETE FROM delivery WHERE id = ?1")                                         \
    X(DELIVERY_LIST, "SELECT id, event_id, number, made_ms, next_ms, attempts, dead, status, "     \
                     "error, alarm FROM delivery WHERE target = ?1 AND dead >= ?2 AND id > ?3 "    \
                     "ORDER BY id LIMIT ?4")                                                       \
    X(DELIVERY_REPLAY, "UPDATE delivery SET dead = 0, attempts = 0, next_ms = ?3 "                 \
                       "WHERE target = ?1 AND dead = 1 AND (?2 = 0 OR id = ?2)")                   \
    X(DELIVERY_COUNT, "SELECT count(*) FILTER (WHERE dead = 0), count(*) FILTER (WHERE dead = 1) " \
                      "FROM delivery WHERE target = ?1")                                           \
    X(DELIVERY_SWEEP, "DELETE FROM delivery WHERE instr(?1, ' ' || target || ' ') = 0")            \
    /* answers kept for repeats */                                                                 \
    X(IDEM_GET, "SELECT fingerprint, token, at_ms, status, sealed FROM idem WHERE hash = ?1")      \
    X(IDEM_ADD, "INSERT INTO idem (hash, fingerprint, token, at_ms, status) "                      \
                "VALUES (?1, ?2, ?3, ?4, 0)")                                                      \
    X(IDEM_SET, "UPDATE idem SET status = ?2, sealed = ?3 WHERE hash = ?1")                        \
    X(IDEM_DROP, "DELETE FROM idem WHERE hash = ?1")                                               \
    X(IDEM_SWEEP, "DELETE FROM idem WHERE at_ms < ?1")                                             \
    X(IDEM_COUNT, "SELECT count(*) FROM idem")

enum jb_gw_sql {
#define X(name, sql) JB_GW_SQL_##name,
    JB_GW_STATEMENTS(X)
#undef X
    JB_GW_SQL_COUNT
};

#endif
