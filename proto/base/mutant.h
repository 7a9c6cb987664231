/* Deliberate errors, to prove that the chaos run finds them (tests/chaos/mutants). Programs that
 * are built as usual are JB_MUTANT_NONE: the compiler drops every one of these branches. */
#ifndef JB_BASE_MUTANT_H
#define JB_BASE_MUTANT_H

enum jb_mutant {
    JB_MUTANT_NONE,
    JB_MUTANT_ACK_EARLY,    /* agent: signs for items before they are on its disk */
    JB_MUTANT_TELL_ANYWAY,  /* agent: tells clients that a submission is safe when its commit failed
                             */
    JB_MUTANT_FORGET_TOKEN, /* agent: a client that asks again has asked twice */
    JB_MUTANT_FORGET_DEDUPE, /* broker: a submission that comes again is decided again */
    JB_MUTANT_LAZY_SYNC,     /* both: a commit does not wait for the disk */
    JB_MUTANT_SKIP_OVERDUE,  /* broker: what fell due an hour ago is over */
    JB_MUTANT_TWO_HOSTS      /* broker: who loses a case is not told */
};

#ifndef JB_MUTANT
#define JB_MUTANT JB_MUTANT_NONE
#endif

#endif
