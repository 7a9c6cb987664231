/* The line between the broker and one node as a model for spin: a lossy connection, either side may
 * die at any step. `tests/model/spin` verifies it and sees each wrong one refuted.
 *
 * Mirrors proto/PROTOCOL.md sections 3, 5 to 9. Names are those of the code:
 *   frames                     proto/wire/frame.h (JB_FRAME_*)
 *   states of the node's line  clients/agent/agent.h (JB_AGENT_*)
 *   node: submit, connect      clients/agent/submit.c, line.c
 *         welcome, resume      clients/agent/greet.c
 *         pump, gather, apply  clients/agent/pump.c, apply.c
 *   broker: greet, intake      daemon/greet.c, intake.c
 *           commit, deliver    daemon/commit.c, deliver.c
 *
 * Left out, because they only ever end a line: keys, signatures, heads (a number stands for the
 * history up to it), versions. A frame holds one item. What is on a disk stays; what is in memory
 * goes when its process dies. The receiver's order of steps inside one transaction is not visible.
 *
 * Bounds, by -D: SUBMISSIONS, OTHERS (entries of others for this node), WINDOW (credit both ways),
 * DEATHS (of both sides together), LOSSES (single frames and connections together). */
#ifndef SUBMISSIONS
#define SUBMISSIONS 2
#endif
#ifndef OTHERS
#define OTHERS 1
#endif
#ifndef WINDOW
#define WINDOW 2
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef LOSSES
#define LOSSES 2
#endif
#define ITEMS (SUBMISSIONS + OTHERS)
#define ROOM (ITEMS + 3) /* wrong ones may make more */

mtype:frame = { HELLO, WELCOME, SUBMIT, DELIVER, ACK, RESUME, REJECT };
mtype:line = { OFFLINE, GREETING, CATCHING_UP, IN_SYNC, RESYNC };

chan up_line = [2] of { mtype:frame, byte, byte };   /* node to broker */
chan down_line = [2] of { mtype:frame, byte, byte }; /* broker to node */

/* ---- the broker: disk ---- */
byte log_up;          /* submissions that are decided: line.up_number */
byte stream_end;      /* items of the node's stream */
byte settles[ROOM];   /* of item n: the submission that it settles; 0: of others */
byte entries[ROOM];   /* how often submission n stands in the log */
byte receipt;         /* the node has signed for everything up to this item */
/* memory */
byte up_taken;        /* >= log_up: what is in the batch is not on disk yet */
bool greeted;
byte b_sent, b_acked; /* delivered on this connection; acknowledged */
byte ack_taken;       /* an acknowledgement in the batch */
byte others_made;

/* ---- the node: disk ---- */
byte made, settled;   /* submissions */
bool outbox[ROOM];
byte down;            /* last item taken */
/* memory */
mtype:line state = OFFLINE;
byte n_sent;          /* submissions sent on this connection */
byte target;          /* end of the stream as last told */
bool ack_due, gathered;
byte g_number, g_settles;

/* ---- what people were told; nobody forgets it ---- */
byte told;            /* a clerk: "your submission is safe" */
byte told_settled;    /* a clerk: "it has been decided" */
byte told_stored;     /* the sender: "the node has it on its disk" */

byte deaths, losses;

#define WELCOMED (state == CATCHING_UP || state == IN_SYNC)

/* Safety: holds after every step. */
#define SAFE                                                                                       \
    (told <= made &&          /* no word to a clerk without a durable outbox row */               \
     told_settled <= log_up && /* no confirmation without a durable log entry */                   \
     told_stored <= down &&   /* no receipt without a durable copy */                              \
     down <= stream_end &&    /* no item but those of the log */                                   \
     settled <= log_up && log_up <= made)

/* Each submission in the log once, in order, none left out; the stream settles them in order. */
inline look_at_log()
{
    d_step {
        byte n = 1;
        byte next = 1;
        do
        :: n <= SUBMISSIONS ->
            assert((n <= log_up && entries[n] == 1) || (n > log_up && entries[n] == 0));
            n++
        :: else -> break
        od;
        n = 1;
        do
        :: n <= stream_end ->
            if
            :: settles[n] != 0 -> assert(settles[n] == next); next++
            :: else
            fi;
            n++
        :: else -> break
        od
    }
}

/* The connection is gone with all that is on it. Both ends notice, the node connects again. */
inline cut()
{
    do
    :: nempty(up_line) -> up_line?_, _, _
    :: empty(up_line) -> break
    od;
    do
    :: nempty(down_line) -> down_line?_, _, _
    :: empty(down_line) -> break
    od;
    greeted = false;
    if
    :: state != RESYNC -> state = OFFLINE
    :: else
    fi
}

/* ---- the broker ---------------------------------------------------------------------------- */

/* Neither end stops reading because it cannot write just now: an answer without room is lost. */
inline answer(frame, a1, a2)
{
    if
    :: nfull(down_line) -> down_line!frame(a1, a2)
    :: full(down_line)
    fi
}

inline greet(made_there, down_there) /* greet.c */
{
    assert(made_there >= up_taken);   /* DIVERGED: the node's file would be an older copy */
    assert(down_there <= stream_end); /* DIVERGED: the broker's file would be one */
    greeted = true;
    b_sent = down_there;
    b_acked = down_there;
    answer(WELCOME, up_taken, stream_end)
}

inline intake(number) /* intake.c, take_submit */
{
    if
    :: !greeted -> answer(REJECT, 0, 0)
    :: greeted && number > up_taken + 1 ->
#ifdef WRONG_BROKER_SKIPS_GAP
        up_taken = number
#else
        answer(RESUME, up_taken, 0)
#endif
    :: greeted && number <= up_taken ->
#ifdef WRONG_DEDUPE_FORGOTTEN
        stream_end++;
        settles[stream_end] = number;
        entries[number]++
#else
        skip /* a repeat, known by its number */
#endif
    :: greeted && number == up_taken + 1 ->
        up_taken = number;
#ifdef WRONG_ANSWER_BEFORE_COMMIT
        b_sent = stream_end + 1;
        answer(DELIVER, b_sent, number)
#endif
    fi
}

inline commit() /* commit.c: one transaction, all or nothing */
{
    do
    :: log_up < up_taken ->
#ifdef WRONG_BROKER_SKIPS_GAP
        log_up = up_taken;
#else
        log_up++;
#endif
        entries[log_up]++;
        stream_end++;
        settles[stream_end] = log_up
    :: else -> break
    od;
    if
    :: ack_taken > receipt -> receipt = ack_taken; told_stored = receipt
    :: else
    fi
}

active proctype broker()
{
    byte a, b;
end:
    do
    :: atomic { up_line?HELLO(a, b) -> greet(a, b); a = 0; b = 0 }
    :: atomic { up_line?SUBMIT(a, b) -> intake(a); a = 0; b = 0 }
    :: atomic {
        up_line?ACK(a, b) ->
        if
        :: greeted && a <= b_sent && a > b_acked -> b_acked = a
        :: else
        fi;
        if
        :: greeted && a <= b_sent && a > ack_taken -> ack_taken = a
        :: else
        fi;
        a = 0; b = 0
    }
    :: atomic { up_taken > log_up || ack_taken > receipt -> commit(); look_at_log() }
    :: atomic { others_made < OTHERS -> others_made++; stream_end++; settles[stream_end] = 0 }
    :: atomic {
        greeted && b_sent < stream_end && b_sent - b_acked < WINDOW && nfull(down_line) ->
        b_sent++;
        down_line!DELIVER(b_sent, settles[b_sent])
    }
    :: atomic { /* it dies; from its disk it knows where both sequences stand */
        deaths < DEATHS ->
        deaths++;
        up_taken = log_up;
        ack_taken = receipt;
        b_sent = 0;
        b_acked = 0;
        cut()
    }
    od
}

/* ---- the node ------------------------------------------------------------------------------ */

inline hello() /* line.c */
{
    state = GREETING;
    up_line!HELLO(made, down)
}

inline welcome(taken, end_there) /* greet.c */
{
    if
    :: state != GREETING
    :: state == GREETING && (taken < settled || taken > made || end_there < down) ->
        state = RESYNC
    :: else ->
#ifndef WRONG_SENDS_ON
        n_sent = taken;
#endif
        target = end_there;
#ifdef WRONG_TAKEN_IS_SETTLED
        if
        :: taken > settled -> settled = taken; told_settled = taken
        :: else
        fi;
#endif
#ifdef WRONG_OUTBOX_DELETED_EARLY
        byte k = 1;
        do
        :: k <= taken -> outbox[k] = false; k++
        :: else -> break
        od;
#endif
#ifndef WRONG_ACK_NOT_REPEATED
        ack_due = down > 0;
#endif
        if
        :: down < target -> state = CATCHING_UP
        :: else -> state = IN_SYNC
        fi
    fi
}

inline take() /* apply.c: one transaction; then the acknowledgement is due */
{
    if
    :: g_number <= down ->
#ifndef WRONG_ACK_NOT_REPEATED
        ack_due = true /* a repeat: the acknowledgement may have been lost */
#else
        skip
#endif
    :: else ->
#ifdef WRONG_NODE_SKIPS_GAP
        down = g_number;
#else
        assert(g_number == down + 1);
        down++;
#endif
        if
        :: g_settles != 0 ->
            assert(g_settles == settled + 1); /* each verdict once, in order */
#ifndef WRONG_SETTLED_LATER
            settled = g_settles;
            outbox[g_settles] = false;
            told_settled = settled
#endif
        :: else
        fi;
#ifndef WRONG_SETTLED_SENT_AGAIN
        if
        :: n_sent < settled -> n_sent = settled /* pump.c, jb_agent_pump_settled */
        :: else
        fi;
#endif
        ack_due = true;
        if
        :: WELCOMED && down >= target -> state = IN_SYNC
        :: else
        fi
    fi
#ifndef WRONG_SETTLED_LATER
    ; g_number = 0;
    g_settles = 0
#endif
}

active proctype node()
{
    byte a, b;
end:
    do
    :: atomic { /* submit.c: on the disk, then the word */
        made < SUBMISSIONS ->
#ifdef WRONG_TOLD_BEFORE_DISK
        told = made + 1
    }
    :: atomic {
        told > made ->
#endif
        made++;
        outbox[made] = true;
        told = made
    }
    :: atomic { state == OFFLINE && nfull(up_line) -> hello() }
    :: atomic { down_line?WELCOME(a, b) -> welcome(a, b); a = 0; b = 0 }
    :: atomic { /* pump.c */
        WELCOMED && n_sent < made && n_sent - settled < WINDOW && nfull(up_line) ->
        n_sent++;
        assert(outbox[n_sent]); /* what the broker lacks is still here */
        up_line!SUBMIT(n_sent, 0)
    }
    :: atomic { /* gather, in memory */
        !gathered && down_line?[DELIVER, a, b] ->
        down_line?DELIVER(a, b);
        if
        :: !WELCOMED
        :: WELCOMED ->
            gathered = true;
            g_number = a;
            g_settles = b;
#ifdef WRONG_ACK_BEFORE_COMMIT
            up_line!ACK(a, 0)
#endif
        fi;
        a = 0; b = 0
    }
    :: atomic { /* apply, in one transaction */
        gathered && (nfull(up_line) || g_number <= down + 1) ->
        gathered = false;
        if
#ifndef WRONG_NODE_SKIPS_GAP
        :: g_number > down + 1 -> g_number = 0; g_settles = 0;
            if
            :: WELCOMED -> hello() /* a gap: both directions resume by number */
            :: else
            fi
        :: else -> take()
#else
        :: true -> take()
#endif
        fi
    }
#ifdef WRONG_SETTLED_LATER
    :: atomic { /* in a transaction of its own */
        g_settles != 0 && g_settles == settled + 1 && g_number <= down ->
        settled = g_settles;
        outbox[g_settles] = false;
        told_settled = settled;
        g_number = 0;
        g_settles = 0
    }
#endif
    :: atomic { /* acknowledge what is on the disk */
        ack_due && WELCOMED && nfull(up_line) ->
        ack_due = false;
        up_line!ACK(down, 0)
    }
    :: atomic {
        down_line?RESUME(a, b) ->
        if
        :: WELCOMED && (a < settled || a > made) -> state = RESYNC
        :: WELCOMED && a >= settled && a <= made -> n_sent = a
        :: else
        fi;
        a = 0; b = 0
    }
    :: atomic { down_line?REJECT(a, b) -> a = 0; b = 0; cut() } /* closing: greet again */
#ifndef WRONG_NO_BEAT
    :: atomic { /* no answer, or a beat finds both ends standing still: connect anew */
        empty(up_line) && empty(down_line) && up_taken == log_up && ack_taken == receipt &&
        (state == GREETING ||
         (WELCOMED && !gathered && !ack_due && made == SUBMISSIONS && others_made == OTHERS &&
          (settled < made || down < stream_end || receipt < down) &&
          !(n_sent < made && n_sent - settled < WINDOW) &&
          !(greeted && b_sent < stream_end && b_sent - b_acked < WINDOW))) ->
        cut()
    }
#endif
    :: atomic { /* it dies */
        deaths < DEATHS ->
        deaths++;
        gathered = false;
        ack_due = false;
        g_number = 0;
        g_settles = 0;
        n_sent = 0;
        target = 0;
        state = OFFLINE;
        cut()
    }
    od
}

/* ---- the connection ------------------------------------------------------------------------ */

active proctype network()
{
end:
    do
    :: atomic { losses < LOSSES && nempty(up_line) -> losses++; up_line?_, _, _ }
    :: atomic { losses < LOSSES && nempty(down_line) -> losses++; down_line?_, _, _ }
    :: atomic { losses < LOSSES && state != OFFLINE -> losses++; cut() }
    od
}

/* At any time: what people were told is true; a line between two good files never ends in doubt. */
active proctype watcher()
{
end:
    do
    :: atomic { !SAFE || state == RESYNC -> assert(SAFE); assert(state != RESYNC) }
    od
}

/* Faults are finitely many and nobody is passed over for ever: then every submission is settled and
 * everything that was delivered is receipted. */
ltl everything_arrives { <> (settled == SUBMISSIONS && receipt == stream_end && down == stream_end) }
