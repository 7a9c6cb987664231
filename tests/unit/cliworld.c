/* See cliworld.h. */
#include "tests/unit/cliworld.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGS_MAX 32
#define NOW INT64_C(1795503600000) /* 2026-11-24 15:00 in China */

char cli_output[CLI_OUTPUT_BYTES];
char cli_errors[CLI_OUTPUT_BYTES];

static int file_for(FILE **out, int fd)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    *out = tmpfile();
    int kept = dup(fd);
    assert_true(*out != NULL && kept >= 0 && dup2(fileno(*out), fd) == fd);
    return kept;
}

static void read_back(FILE *file, int fd, int kept, char *text)
{
    fflush(fd == STDOUT_FILENO ? stdout : stderr);
    assert_true(dup2(kept, fd) == fd);
    close(kept);
    rewind(file);
    text[fread(text, 1, CLI_OUTPUT_BYTES - 1, file)] = '\0';
    fclose(file);
}

int cli_world_run(struct world *w, const char *const *words)
{
    char *argv[ARGS_MAX] = {cli_mutable("jiaoban"), cli_mutable("--socket"),
                            cli_mutable(fake_agent_path(w->fake))};
    FILE *out = NULL;
    FILE *err = NULL;
    int argc = 3;
    for (; *words != NULL; words++) {
        assert_true(argc < ARGS_MAX - 1);
        argv[argc++] = cli_mutable(*words);
    }
    argv[argc] = NULL;
    int kept_out = file_for(&out, STDOUT_FILENO);
    int kept_err = file_for(&err, STDERR_FILENO);
    int code = cli_run_at(argc, argv, NOW);
    read_back(out, STDOUT_FILENO, kept_out, cli_output);
    read_back(err, STDERR_FILENO, kept_err, cli_errors);
    return code;
}

void cli_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("\"%s\" is not in:\n%s\n", part, text);
        fail();
    }
}

int cli_world_set_up(void **state, fake_answer_fn answer)
{
    static const char *const variables[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG",
                                            "NO_COLOR"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    if (world_set_up(state) != 0)
        return -1;
    struct world *w = *state;
    fake_agent_stop(w->fake);
    w->fake = fake_agent_start(answer, w);
    return 0;
}

int cli_world_catalogues(void **state)
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 32);
    (void)state;
    for (int up = 0; len > 0 && up < 2; up++) {
        path[len] = '\0';
        char *slash = strrchr(path, '/');
        len = slash != NULL ? slash - path : 0;
    }
    if (len <= 0)
        return -1;
    memcpy(path + len, "/locale", sizeof "/locale");
    return setenv("JIAOBAN_LOCALEDIR", path, 1);
}

char *cli_mutable(const char *text)
{
    return (char *)(uintptr_t)text;
}

void cli_reply(struct fake_peer *peer, uint64_t id, Jb__Reply *reply)
{
    reply->id = id;
    fake_send(peer, reply);
}
