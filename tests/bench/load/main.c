/* One run of one system; the driver (tests/bench/compare) starts the servers around it.
 *
 *   load-SYSTEM --nodes 50 --senders 1 --window 64 --seconds 2 --folder DIR ...
 *
 * Prints "measuring" when the first hand-over is sent, and one line of JSON. Exit status 1: it
 * could not be done, or its figures must not be used (confirmed before a sync, or lost). */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/load/load.h"

enum load_option {
    NODES,
    SENDERS,
    WINDOW,
    SECONDS,
    RATE,
    MOST,
    BODY,
    PORT,
    ENDPOINT,
    ADMIN,
    MODE,
    STATE,
    VARIANT,
    FOLDER,
    BROKER_SYNCS,
    OWN_SYNCS,
    UNSYNCED,
    MAY_OUTRUN,
    PID,
    LABEL
};

static const struct option options[] = {
    {"nodes", 1, NULL, NODES},
    {"senders", 1, NULL, SENDERS},
    {"window", 1, NULL, WINDOW},
    {"seconds", 1, NULL, SECONDS},
    {"rate", 1, NULL, RATE},
    {"most", 1, NULL, MOST},
    {"body", 1, NULL, BODY},
    {"port", 1, NULL, PORT},
    {"endpoint", 1, NULL, ENDPOINT},
    {"admin", 1, NULL, ADMIN},
    {"mode", 1, NULL, MODE},
    {"state", 1, NULL, STATE},
    {"variant", 1, NULL, VARIANT},
    {"folder", 1, NULL, FOLDER},
    {"broker-syncs", 1, NULL, BROKER_SYNCS},
    {"own-syncs", 1, NULL, OWN_SYNCS},
    {"receivers-unsynced", 0, NULL, UNSYNCED},
    {"may-outrun", 0, NULL, MAY_OUTRUN},
    {"pid", 1, NULL, PID},
    {"label", 1, NULL, LABEL},
    {NULL, 0, NULL, 0},
};

static int number(void)
{
    return (int)strtol(optarg, NULL, 10);
}

static void take(int option)
{
    switch (option) {
    case NODES:
        load.nodes = number();
        break;
    case SENDERS:
        load.senders = number();
        break;
    case WINDOW:
        load.window = number();
        break;
    case SECONDS:
        load.seconds = strtod(optarg, NULL);
        break;
    case RATE:
        load.rate = strtod(optarg, NULL);
        break;
    case MOST:
        load.most = strtol(optarg, NULL, 10);
        break;
    case BODY:
        load.body_bytes = number();
        break;
    case PORT:
        load.port = number();
        break;
    case ENDPOINT:
        load.endpoint = optarg;
        break;
    case ADMIN:
        load.admin = optarg;
        break;
    case MODE:
        load.mode = optarg;
        break;
    case STATE:
        load.state = optarg;
        break;
    case VARIANT:
        load.variant = optarg;
        break;
    case FOLDER:
        load.folder = optarg;
        break;
    case BROKER_SYNCS:
        load.broker_syncs = optarg;
        break;
    case OWN_SYNCS:
        load.own_syncs = optarg;
        break;
    case UNSYNCED:
        load.receivers_sync = false;
        break;
    case MAY_OUTRUN:
        load.may_outrun = true;
        break;
    case PID:
        load.broker_pid = strtol(optarg, NULL, 10);
        break;
    case LABEL:
        load.label = optarg;
        break;
    default:
        exit(2);
    }
}

int main(int argc, char **argv)
{
    load.label = load_system.name;
    for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
        take(option);
    if (load.folder == NULL || load.nodes < 1 || load.senders < 1 || load.window < 1 ||
        load.most < load.senders || load.body_bytes < 64 || load.body_bytes > LOAD_BODY_MAX)
        load_die("--folder is needed, and numbers that make sense");
    return load_run();
}
