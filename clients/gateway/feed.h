/* What happens at the agency: the one place that yields events after a number. One question at the
 * agent keeps them coming; the newest are kept in memory, older ones are asked for in pages.
 * Numbers are those of the agency's stream (contiguous, durable, equal for everybody); each event
 * says from whom it is kept. Loop thread only.
 *
 * For readers: begin with jb_gw_feed_index_after (the number of the last event seen); while it
 * answers JB_GW_FEED_OLDER ask for pages; then read by index, and follow to be woken for more. An
 * index that has fallen behind jb_gw_feed_first is gone: begin again, by number. Alarms have
 * numbers of their own, durable too; states have none and are not repeated. */
#ifndef JB_CLIENTS_GATEWAY_FEED_H
#define JB_CLIENTS_GATEWAY_FEED_H

#include "clients/gateway/link.h"

struct jb_gw_feed;

enum jb_gw_event_kind {
    JB_GW_EVENT_ITEM, /* an entry, or the verdict on a submission; has a number */
    JB_GW_EVENT_ALARM,
    JB_GW_EVENT_STATE /* of the line */
};

struct jb_gw_event {
    enum jb_gw_event_kind kind;
    uint64_t number;    /* of the stream's item; 0: none */
    uint64_t alarm;     /* its id; 0: it is none */
    int64_t case_no;    /* 0: about none */
    char *json;         /* a WatchEvent; owned by the feed */
    char **hidden_from; /* persons; owned */
    size_t hidden_count;
    bool hidden_from_all;
};

/* Asked for as soon as the agent is there. JB_NOMEM. */
JB_MUST enum jb_err jb_gw_feed_open(struct jb_gw *gw, struct jb_gw_feed **out);
void jb_gw_feed_close(struct jb_gw_feed **feed);
/* The agent is there, or there again; or it is not. */
void jb_gw_feed_agent(struct jb_gw_feed *feed, bool here);

/* Is it running? If not, why: for people. */
bool jb_gw_feed_running(const struct jb_gw_feed *feed, const char **why);
/* The agency's copy as a whole: another one after it was made anew, and numbers begin anew with it.
 * "" before the first state. */
const char *jb_gw_feed_epoch(const struct jb_gw_feed *feed);
/* The last number, and the last alarm's; 0: none yet. */
uint64_t jb_gw_feed_number(const struct jb_gw_feed *feed);
uint64_t jb_gw_feed_alarm(const struct jb_gw_feed *feed);
/* The latest state, as JSON of a WatchEvent; "" none yet. */
const char *jb_gw_feed_state(const struct jb_gw_feed *feed);

/* Events are at the indexes first .. next - 1; an index is never used twice. */
uint64_t jb_gw_feed_first(const struct jb_gw_feed *feed);
uint64_t jb_gw_feed_next(const struct jb_gw_feed *feed);
/* Valid until the loop's next turn. NULL: not kept (any more). */
const struct jb_gw_event *jb_gw_feed_at(const struct jb_gw_feed *feed, uint64_t index);
#define JB_GW_FEED_OLDER UINT64_MAX
/* The index of the first event after this number, or after this alarm (UINT64_MAX: alarms do not
 * matter). OLDER: there may be some that are not kept here; alarms, if alarm < feed_alarms_base. */
uint64_t jb_gw_feed_index_after(const struct jb_gw_feed *feed, uint64_t number, uint64_t alarm);
/* Every alarm after this one is kept. */
uint64_t jb_gw_feed_alarms_base(const struct jb_gw_feed *feed);

/* Must this person not be told? By the latest that is known of the case, since somebody may keep
 * out of it by now. */
bool jb_gw_event_hidden(const struct jb_gw_feed *feed, const struct jb_gw_event *event,
                        const char *person);

/* A page of events after a number: fn is called once for each, then once with NULL: page->after is
 * then the last number looked at, and status says what went wrong, if anything did. */
struct jb_gw_page { /* embedded in who asks */
    bool alarms;    /* alarms after one, not items */
    uint64_t after;
    uint32_t limit; /* items at most; 0: the feed's own */
    void (*fn)(void *data, const struct jb_gw_event *event, enum jiaoban_status status);
    void *data;
    uint64_t ask; /* 0: none is under way */
};
JB_MUST enum jiaoban_status jb_gw_feed_page(struct jb_gw_feed *feed, struct jb_gw_page *page);
void jb_gw_feed_page_cancel(struct jb_gw_feed *feed, struct jb_gw_page *page);

struct jb_gw_follower { /* embedded in who wants to be woken */
    struct jb_gw_follower *next, **link;
    void (*wake)(void *data); /* there is a new event, or the epoch has changed */
    void *data;
};
void jb_gw_feed_follow(struct jb_gw_feed *feed, struct jb_gw_follower *f);
void jb_gw_feed_unfollow(struct jb_gw_follower *f);

#endif
