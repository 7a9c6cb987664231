/* Query parameters by their type. Each leaves *out as it is when the parameter is not given; false:
 * it was wrong, and the request is answered. */
#ifndef JB_CLIENTS_GATEWAY_PARAMS_H
#define JB_CLIENTS_GATEWAY_PARAMS_H

#include "clients/gateway/request.h"

JB_MUST bool jb_gw_param_bool(struct jb_gw_request *r, const char *name, bool *out);
JB_MUST bool jb_gw_param_u32(struct jb_gw_request *r, const char *name, uint32_t *out);
JB_MUST bool jb_gw_param_i64(struct jb_gw_request *r, const char *name, int64_t *out);
/* A text of at most `max` bytes. */
JB_MUST bool jb_gw_param_text(struct jb_gw_request *r, const char *name, size_t max,
                              const char **out);

struct jb_gw_word {
    const char *word;
    int number;
};
extern const struct jb_gw_word jb_gw_stages[], jb_gw_matters[], jb_gw_powers[], jb_gw_lights[],
    jb_gw_demands[];
/* A word of a list that ends in NULL, or its number. */
JB_MUST bool jb_gw_param_word(struct jb_gw_request *r, const char *name,
                              const struct jb_gw_word *words, int *out);

/* A cursor: at most three parts with dots between, each a number; the last may be any text. */
struct jb_gw_cursor {
    int64_t first, second;
    const char *rest; /* arena; "" none */
};
#define JB_GW_CURSOR_TEXT 512
/* `numbers`: how many numbers it must have; `text`: and a text behind them. */
JB_MUST bool jb_gw_param_cursor(struct jb_gw_request *r, size_t numbers, bool text,
                                struct jb_gw_cursor *out);
void jb_gw_cursor_text(const struct jb_gw_cursor *c, size_t numbers, char out[JB_GW_CURSOR_TEXT]);

/* An unsigned number of 64 bits; false: it is none. */
bool jb_gw_u64_read(const char *text, uint64_t *out);

#endif
