/* What libjiaoban speaks of: statuses and the vocabulary of casework. Included by jiaoban.h, which
 * see; not for including on its own. */
#ifndef JIAOBAN_WORDS_H
#define JIAOBAN_WORDS_H

/* ---- errors --------------------------------------------------------------------------------- */

/* Numbers never change; those of newer peers may be outside this list. */
enum jiaoban_status {
    JIAOBAN_OK = 0,
    JIAOBAN_NOMEM = 1,
    JIAOBAN_IO = 2,
    JIAOBAN_FULL = 3,    /* disk or quota */
    JIAOBAN_CORRUPT = 4, /* stored data is damaged */
    JIAOBAN_TOO_LARGE = 5,
    JIAOBAN_TOO_DEEP = 6,
    JIAOBAN_MALFORMED = 7,
    JIAOBAN_BAD_UTF8 = 8,
    JIAOBAN_NUL_IN_TEXT = 9,
    JIAOBAN_UNKNOWN_KIND = 10,
    JIAOBAN_MISSING = 11, /* a required argument */
    JIAOBAN_RANGE = 12,
    JIAOBAN_VERSION = 13, /* no protocol version in common */
    JIAOBAN_NOT_FOUND = 14,
    JIAOBAN_EXISTS = 15,
    JIAOBAN_DENIED = 16,
    JIAOBAN_WRONG_NODE = 17,
    JIAOBAN_BAD_SIGNATURE = 18,
    JIAOBAN_GAP = 19,
    JIAOBAN_REPEAT = 20,
    JIAOBAN_OLD = 21,
    JIAOBAN_DIVERGED = 22,
    JIAOBAN_OFFLINE = 23, /* nobody listens there */
    JIAOBAN_BUSY = 24,    /* no answer in time; a submission may still be stored */
    JIAOBAN_CONFIG = 25,
    JIAOBAN_LOCKED = 26,
    JIAOBAN_CLOSED = 27,      /* the connection ended before the answer came */
    JIAOBAN_UNSUPPORTED = 28, /* by this version of the library or of the other end */
    JIAOBAN_REFUSED = 29,     /* by a rule of casework: see struct jiaoban_settled */
    JIAOBAN_OVERFLOW = 30,
    JIAOBAN_KEY_UNFIT = 31 /* a right to read it there is, but the key held here does not open it */
};

/* ---- vocabulary ----------------------------------------------------------------------------- */

enum jiaoban_matter {
    JIAOBAN_SUGGESTION = 1,
    JIAOBAN_ACCUSATION,
    JIAOBAN_APPEAL
};
enum jiaoban_channel {
    JIAOBAN_LETTER = 1,
    JIAOBAN_VISIT,
    JIAOBAN_ONLINE,
    JIAOBAN_PHONE
};
enum jiaoban_exit { /* Art 31; only RESIDUE takes the petition procedure */
    JIAOBAN_EXIT_LITIGATION = 1,
    JIAOBAN_EXIT_ARBITRATION,
    JIAOBAN_EXIT_PARTY_APPEAL,
    JIAOBAN_EXIT_ADMIN_REVIEW,
    JIAOBAN_EXIT_PROTECTIVE_DUTY,
    JIAOBAN_EXIT_RESIDUE
};
enum jiaoban_authority {
    JIAOBAN_BY_PEER = 1,
    JIAOBAN_BY_FORWARD,
    JIAOBAN_BY_ASSIGN,
    JIAOBAN_BY_FIRST_ASSIGNMENT,
    JIAOBAN_BY_JOINT_CONFERENCE
};
enum jiaoban_opinion {
    JIAOBAN_SUPPORTED = 1,
    JIAOBAN_EXPLAINED,
    JIAOBAN_NOT_SUPPORTED
};
enum jiaoban_ruling {
    JIAOBAN_AGREED = 1,
    JIAOBAN_NOT_AGREED
};
enum jiaoban_decline_kind {
    JIAOBAN_NOT_ACCEPTED = 1,
    JIAOBAN_NO_LONGER
};
enum jiaoban_stage {
    JIAOBAN_STAGE_REGISTERED = 1,
    JIAOBAN_STAGE_SENT,
    JIAOBAN_STAGE_SIGNED,
    JIAOBAN_STAGE_ACCEPTED,
    JIAOBAN_STAGE_DECLINED,
    JIAOBAN_STAGE_ANSWERED,
    JIAOBAN_STAGE_REFERRED, /* final */
    JIAOBAN_STAGE_CLOSED,   /* final */
    JIAOBAN_STAGE_MERGED,   /* final: goes on in another case */
    JIAOBAN_STAGE_REVIEW,   /* second level asked for, Art 35 */
    JIAOBAN_STAGE_REVIEWED,
    JIAOBAN_STAGE_RECHECK, /* third level asked for, Art 36 */
    JIAOBAN_STAGE_RECHECKED,
    JIAOBAN_STAGE_TERMINATED, /* final: the same facts are closed for good */
    JIAOBAN_STAGE_FILE        /* no case: a file of its own for directives and dockets */
};
enum jiaoban_role {
    JIAOBAN_REGISTRAR = 1,
    JIAOBAN_HOST,
    JIAOBAN_CO_HANDLER,
    JIAOBAN_ASSIGNER,
    JIAOBAN_INFORMED,
    JIAOBAN_LEFT,
    JIAOBAN_REVIEWER, /* reviews or rechecks */
    JIAOBAN_ARBITER,  /* settles a dispute over who handles */
    JIAOBAN_ORDERED   /* receiver of a directive, or subject of a docket */
};
enum jiaoban_light {
    JIAOBAN_GREEN = 1,
    JIAOBAN_YELLOW,
    JIAOBAN_RED,
    JIAOBAN_DONE
};
enum jiaoban_line {
    JIAOBAN_LINE_OFFLINE = 1,
    JIAOBAN_LINE_GREETING,
    JIAOBAN_LINE_CATCHING_UP,
    JIAOBAN_LINE_IN_SYNC,
    JIAOBAN_LINE_RESYNC,
    JIAOBAN_LINE_REJECTED
};
enum jiaoban_unit {
    JIAOBAN_CALENDAR_DAYS = 1,
    JIAOBAN_WORKING_DAYS,
    JIAOBAN_HOURS,
    JIAOBAN_DESIGNATED, /* a day that was named */
    JIAOBAN_MINUTES
};
enum jiaoban_end {
    JIAOBAN_RUNNING = 0,
    JIAOBAN_MET,
    JIAOBAN_MET_LATE,
    JIAOBAN_CANCELLED,
    JIAOBAN_SUPERSEDED
};
enum jiaoban_level {
    JIAOBAN_CENTRAL = 1,
    JIAOBAN_PROVINCE,
    JIAOBAN_CITY,
    JIAOBAN_COUNTY,
    JIAOBAN_TOWNSHIP,
    JIAOBAN_VILLAGE
};
enum jiaoban_node_kind {
    JIAOBAN_OFFICE = 1,
    JIAOBAN_CONFERENCE,
    JIAOBAN_GOVERNMENT,
    JIAOBAN_DEPARTMENT,
    JIAOBAN_DISCIPLINE,
    JIAOBAN_POLITICAL_LEGAL,
    JIAOBAN_ENTERPRISE,
    JIAOBAN_BROKER
};
enum jiaoban_power { /* the six powers of the first assignment authority */
    JIAOBAN_POWER_ASSIGN = 1,
    JIAOBAN_POWER_INVESTIGATE,
    JIAOBAN_POWER_COORDINATE,
    JIAOBAN_POWER_SUPERVISE,
    JIAOBAN_POWER_CIRCULATE,
    JIAOBAN_POWER_RECOMMEND
};
enum jiaoban_demand { /* what a directive of the power SUPERVISE demands */
    JIAOBAN_DEMAND_EXPLANATION = 1,
    JIAOBAN_DEMAND_PROGRESS,
    JIAOBAN_DEMAND_ON_SITE,
    JIAOBAN_DEMAND_CORRECTION,
    JIAOBAN_DEMAND_SUMMONS /* mass visit: come and receive the visitors */
};
enum jiaoban_recommendation { /* Art 40 */
    JIAOBAN_RECOMMEND_WORK = 1,
    JIAOBAN_RECOMMEND_POLICY,
    JIAOBAN_RECOMMEND_ACCOUNT
};
enum jiaoban_step { /* the supervision ladder, Art 39-40, in order */
    JIAOBAN_STEP_URGE = 1,
    JIAOBAN_STEP_SUPERVISE,
    JIAOBAN_STEP_TALK,
    JIAOBAN_STEP_CIRCULAR,
    JIAOBAN_STEP_LISTED,
    JIAOBAN_STEP_RECTIFY,
    JIAOBAN_STEP_HOLD_TO_ACCOUNT
};
enum jiaoban_directive_status {
    JIAOBAN_DIRECTIVE_WAITING = 1, /* for its countersignature; not with its receivers yet */
    JIAOBAN_DIRECTIVE_IN_FORCE,
    JIAOBAN_DIRECTIVE_ENDED
};
enum jiaoban_target_state { /* a directive at one of its receivers */
    JIAOBAN_TARGET_ISSUED = 1,
    JIAOBAN_TARGET_SIGNED,
    JIAOBAN_TARGET_ANSWERED,
    JIAOBAN_TARGET_CLEARED,
    JIAOBAN_TARGET_OBJECTED,
    JIAOBAN_TARGET_WITHDRAWN,
    JIAOBAN_TARGET_SUPERSEDED
};
enum jiaoban_link_kind {
    JIAOBAN_LINK_REPEAT = 1, /* the same matter again: this case is the later one */
    JIAOBAN_LINK_RELATED,
    JIAOBAN_LINK_REVIEW_OF,
    JIAOBAN_LINK_CROSS_BOUNDARY,
    JIAOBAN_LINK_MERGED_INTO, /* these four are made by merge and split only */
    JIAOBAN_LINK_MERGED_FROM,
    JIAOBAN_LINK_SPLIT_OF,
    JIAOBAN_LINK_SPLIT_INTO
};
enum jiaoban_ground { /* for reopening */
    JIAOBAN_GROUND_NEW_FACTS = 1,
    JIAOBAN_GROUND_ORDERED
};
enum jiaoban_rated_party {
    JIAOBAN_RATED_OFFICE = 1,
    JIAOBAN_RATED_HANDLER
};
enum jiaoban_satisfaction {
    JIAOBAN_SATISFIED = 1,
    JIAOBAN_BASICALLY_SATISFIED,
    JIAOBAN_NOT_SATISFIED
};
enum jiaoban_rating_state {
    JIAOBAN_RATING_WAITING = 1,
    JIAOBAN_RATING_CAST, /* sealed until the window is over */
    JIAOBAN_RATING_OPENED,
    JIAOBAN_RATING_UNRATED /* the window is over, nothing was cast */
};
enum { /* flags of a case, added up */
    JIAOBAN_FLAG_REPEAT = 1,
    JIAOBAN_FLAG_ANONYMOUS = 2,
    JIAOBAN_FLAG_JOINT_SIGNATURE = 4,
    JIAOBAN_FLAG_URGENT = 8,
    JIAOBAN_FLAG_CROSS_BOUNDARY = 16,
    JIAOBAN_FLAG_LITIGATION = 32,
    JIAOBAN_FLAG_OLD_CASE = 64,
    JIAOBAN_FLAG_PUBLIC = 128,
    JIAOBAN_FLAG_SECRET = 256,
    JIAOBAN_FLAG_UNREACHABLE = 512 /* name or address unclear: no notice owed */
};

#endif
