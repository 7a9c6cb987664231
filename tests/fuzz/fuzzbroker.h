/* A broker without a network for targets: four agencies, cases at every stage of the way,
 * attachments, a clock that stands still. Keys are the same in every run. */
#ifndef JB_TESTS_FUZZBROKER_H
#define JB_TESTS_FUZZBROKER_H

#include "tests/unit/brokerworld.h"

#define FUZZ_CASES 6 /* registered, sent, signed, accepted, answered; an accusation */

struct fuzz_broker {
    struct world *w;
    int64_t cases[FUZZ_CASES];
    uint8_t sign_secret[16][JB_SIGN_SECRET_BYTES]; /* of the agencies, by number */
};

/* Made at the first call, as it was at each later one. */
struct fuzz_broker *fuzz_broker(void);
/* Turns of the loop, until nobody waits for a delivery and nothing is being written. */
void fuzz_broker_turn(struct fuzz_broker *f);
/* The broker's signature over a node's stream up to a point. */
void fuzz_broker_sign(const struct fuzz_broker *f, uint32_t node, const struct jb_line_point *point,
                      uint8_t signature[JB_SIGN_BYTES]);
/* Decide and write what has gathered. Whatever nodes send, the broker goes on: each submission has
 * one verdict, the commit succeeds, and what was accepted can be read by those it goes to. */
void fuzz_broker_decide(struct fuzz_broker *f);

#endif
