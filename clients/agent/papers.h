/* What a node can show to others: a check of a replica with nothing but the broker's public line,
 * and evidence about a case. Without the loop: the agent may run meanwhile or not. */
#ifndef JB_AGENT_PAPERS_H
#define JB_AGENT_PAPERS_H

#include "clients/agent/agent.h"

struct jb_agent_papers {    /* as given on the command line; NULL: not given */
    const char *folder;     /* of the replica to check */
    const char *broker_key; /* "jbk1:..." */
    const char *case_no;
    const char *output; /* file that is made */
    bool with_persons;
};

/* Both print what they found or did, and return the exit status. */
int jb_agent_verify_folder(const struct jb_agent_papers *papers);
int jb_agent_evidence(struct jb_agent *a, const struct jb_agent_papers *papers);

#endif
