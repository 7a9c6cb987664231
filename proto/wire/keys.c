/* Key pairs, the key file and the enrolment text. Secrets pass through buffers of this file only
 * and are overwritten before it returns; nothing of them is ever put into a fault text. */
#include "proto/wire/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/wire/chain.h"
#include "proto/wire/sign.h"
#include "proto/wire/sm.h"

_Static_assert(JB_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "line public key size");
_Static_assert(JB_KEY_BYTES == crypto_box_SECRETKEYBYTES, "line secret key size");

#define FILE_MAX_BYTES 4096
#define FILE_NOTE "# jiaoban node keys. Keep this file secret: whoever has it is this node.\n"
#define PREFIX_BYTES 5 /* "jbk1:" */
#define CHECK_BYTES 4

/* The line of the file after the note: by it an older version knows that it cannot read suite 2. */
static const char *const file_versions[] = {
    [JB_SUITE_ED25519] = "version = 1\n",
    [JB_SUITE_SM2_SM3] = "version = 2\n",
};
#define VERSION_BYTES (sizeof "version = 1\n" - 1) /* of each */

/* The lines of the file after that, in this order. */
struct field {
    const char *name;
    size_t offset; /* in struct jb_node_keys */
    size_t len;    /* bytes of the key */
};

static const struct field fields[] = {
    {"line-public", offsetof(struct jb_node_keys, line.public_key), JB_KEY_BYTES},
    {"line-secret", offsetof(struct jb_node_keys, line.secret_key), JB_KEY_BYTES},
    {"sign-public", offsetof(struct jb_node_keys, sign_public), JB_KEY_BYTES},
    {"sign-secret", offsetof(struct jb_node_keys, sign_secret), JB_SIGN_SECRET_BYTES},
};
#define FIELDS (sizeof fields / sizeof fields[0])

/* Curve25519 ignores five bits of a secret key. We store them as it takes them, so that a changed
 * bit of a file is noticed wherever it is. */
static void clamp(uint8_t secret[JB_KEY_BYTES])
{
    secret[0] &= 0xF8;
    secret[31] = (uint8_t)((secret[31] & 0x7F) | 0x40);
}

enum jb_err jb_keys_generate(uint8_t suite, struct jb_node_keys *out, struct jb_fault *fault)
{
    enum jb_err err = jb_suite_start(suite, fault);
    if (err != JB_OK)
        return err;
    if (jb_sign_init() != JB_OK)
        return jb_fault_set(fault, JB_IO, "no source of randomness");
    out->suite = suite;
    (void)crypto_box_keypair(out->line.public_key, out->line.secret_key); /* always 0 */
    clamp(out->line.secret_key);
    if (suite == JB_SUITE_ED25519) {
        (void)crypto_sign_keypair(out->sign_public, out->sign_secret); /* always 0 */
        return JB_OK;
    }
    err = jb_sm2_generate(out->sign_secret, out->sign_public);
    if (err != JB_OK)
        return jb_fault_set(fault, err, "SM2 keys cannot be made: %s", jb_err_said(err));
    memcpy(out->sign_secret + JB_KEY_BYTES, out->sign_public, JB_KEY_BYTES);
    return JB_OK;
}

void jb_keys_wipe(struct jb_node_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

/* ---- writing ----------------------------------------------------------------------------------
 */

/* The text of the file; `out` holds FILE_MAX_BYTES. Returns its length. */
static size_t format_file(const struct jb_node_keys *keys, char *out)
{
    char hex[2 * JB_SIGN_SECRET_BYTES + 1];
    size_t used = (size_t)snprintf(out, FILE_MAX_BYTES, FILE_NOTE "%s", file_versions[keys->suite]);

    for (size_t i = 0; i < FIELDS; i++) {
        const uint8_t *key = (const uint8_t *)keys + fields[i].offset;
        sodium_bin2hex(hex, sizeof hex, key, fields[i].len);
        used +=
            (size_t)snprintf(out + used, FILE_MAX_BYTES - used, "%s = %s\n", fields[i].name, hex);
    }
    sodium_memzero(hex, sizeof hex);
    return used;
}

static enum jb_err err_of_errno(int number)
{
    static const struct {
        int number;
        enum jb_err err;
    } map[] = {
        {EEXIST, JB_EXISTS}, {ENOENT, JB_NOT_FOUND}, {ENOTDIR, JB_NOT_FOUND}, {EACCES, JB_DENIED},
        {EPERM, JB_DENIED},  {EROFS, JB_DENIED},     {ELOOP, JB_DENIED},      {ENOSPC, JB_FULL},
        {EDQUOT, JB_FULL},   {EISDIR, JB_NOT_FOUND}, {ENOMEM, JB_NOMEM},
    };
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if (map[i].number == number)
            return map[i].err;
    return JB_IO;
}

/* `format`: of the path and the system's reason. */
__attribute__((format(printf, 2, 0))) static enum jb_err fault_of_errno(struct jb_fault *fault,
                                                                        const char *format,
                                                                        const char *path)
{
    int number = errno;
    return jb_fault_set(fault, err_of_errno(number), format, path, jb_errno_said(number));
}

/* A link is followed; one that leads nowhere is told from a file that is not there. */
static enum jb_err open_fault(struct jb_fault *fault, const char *path)
{
    struct stat st;

    if (errno != ENOENT)
        return fault_of_errno(fault, "cannot open key file %s: %s", path);
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
        return jb_fault_set(fault, JB_NOT_FOUND,
                            "key file %s is a link that leads to no file: mend the link", path);
    return jb_fault_set(fault, JB_NOT_FOUND, "key file %s: there is no such file", path);
}

static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Make the new name itself durable. */
static bool sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : (size_t)(slash - path) + (slash == path);
    char *folder = strndup(slash == NULL ? "." : path, len);
    if (folder == NULL)
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return false;
    bool synced = fsync(fd) == 0;
    int number = errno;
    close(fd);
    errno = number;
    return synced;
}

enum jb_err jb_keys_save(const struct jb_node_keys *keys, const char *path, struct jb_fault *fault)
{
    char text[FILE_MAX_BYTES];
    enum jb_err err = JB_OK;

    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fault_of_errno(fault, "cannot create key file %s: %s", path);
    size_t len = format_file(keys, text);
    /* fchmod: a default ACL of the folder may have widened the mode. */
    if (fchmod(fd, 0600) != 0 || !write_all(fd, text, len) || fsync(fd) != 0)
        err = fault_of_errno(fault, "cannot write key file %s: %s", path);
    sodium_memzero(text, sizeof text);
    if (close(fd) != 0 && err == JB_OK)
        err = fault_of_errno(fault, "cannot write key file %s: %s", path);
    if (err == JB_OK && !sync_folder_of(path))
        err = fault_of_errno(fault, "cannot write the folder of key file %s: %s", path);
    if (err != JB_OK)
        (void)unlink(path);
    return err;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static enum jb_err check_file(int fd, const char *path, struct jb_fault *fault)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return fault_of_errno(fault, "cannot examine key file %s: %s", path);
    if (S_ISDIR(st.st_mode))
        return jb_fault_set(fault, JB_CORRUPT, "key file %s is a folder: name the file in it",
                            path);
    if (!S_ISREG(st.st_mode))
        return jb_fault_set(fault, JB_CORRUPT,
                            "key file %s is not a regular file: put the key file in its place",
                            path);
    if ((st.st_mode & 077) != 0)
        return jb_fault_set(fault, JB_DENIED,
                            "key file %s is open to others (mode %04o): run chmod 600 on it, and "
                            "have the keys replaced if somebody may have read them",
                            path, (unsigned)(st.st_mode & 07777));
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return jb_fault_set(fault, JB_DENIED,
                            "key file %s belongs to user %u, this program runs as user %u: run "
                            "chown on it, or start as its owner",
                            path, (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_size == 0)
        return jb_fault_set(fault, JB_CORRUPT, "key file %s is empty: put it back from a backup",
                            path);
    if (st.st_size >= FILE_MAX_BYTES)
        return jb_fault_set(fault, JB_CORRUPT,
                            "%s is too large for a key file: name the file that --keygen made",
                            path);
    return JB_OK;
}

/* Reads the whole file as a string into `text` of FILE_MAX_BYTES. */
static enum jb_err read_file(const char *path, char *text, struct jb_fault *fault)
{
    size_t used = 0;
    ssize_t n = 1;

    /* O_NONBLOCK: a FIFO of that name must not hang the start. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return open_fault(fault, path);
    enum jb_err err = check_file(fd, path, fault);
    while (err == JB_OK && n > 0 && used < FILE_MAX_BYTES - 1) {
        n = read(fd, text + used, FILE_MAX_BYTES - 1 - used);
        if (n > 0)
            used += (size_t)n;
        else if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            err = fault_of_errno(fault, "cannot read key file %s: %s", path);
    }
    text[used] = '\0';
    close(fd);
    return err;
}

/* Skips "# ..." lines. */
static const char *skip_comments(const char *p)
{
    while (*p == '#') {
        p += strcspn(p, "\n");
        p += *p == '\n';
    }
    return p;
}

/* One line "name = hex". NULL: anything else. */
static const char *parse_field(const char *p, const struct field *field, struct jb_node_keys *out)
{
    size_t name_len = strlen(field->name);
    size_t hex_len = 2 * field->len;
    size_t got = 0;
    uint8_t *key = (uint8_t *)out + field->offset;

    if (strncmp(p, field->name, name_len) != 0 || strncmp(p + name_len, " = ", 3) != 0)
        return NULL;
    p += name_len + 3;
    if (strnlen(p, hex_len) != hex_len || p[hex_len] != '\n')
        return NULL;
    if (sodium_hex2bin(key, field->len, p, hex_len, NULL, &got, NULL) != 0 || got != field->len)
        return NULL;
    return p + hex_len + 1;
}

static enum jb_err parse_file(const char *text, const char *path, struct jb_node_keys *out,
                              struct jb_fault *fault)
{
    const char *p = skip_comments(text);
    if (strncmp(p, "version = ", 10) != 0)
        return jb_fault_set(fault, JB_CORRUPT,
                            "%s is not a key file: name the file that --keygen made, or put it "
                            "back from a backup",
                            path);
    for (uint8_t i = JB_SUITE_ED25519; i <= JB_SUITE_SM2_SM3; i++)
        if (strncmp(p, file_versions[i], VERSION_BYTES) == 0)
            out->suite = i;
    if (out->suite == 0)
        return jb_fault_set(
            fault, JB_VERSION,
            "key file %s is of an unknown version (%.*s): this program is older than "
            "the one that made it, update it",
            path, (int)strcspn(p + 10, "\n") > 16 ? 16 : (int)strcspn(p + 10, "\n"), p + 10);
    p += VERSION_BYTES;
    for (size_t i = 0; i < FIELDS; i++) {
        p = parse_field(p, &fields[i], out);
        if (p == NULL)
            return jb_fault_set(
                fault, JB_CORRUPT,
                "key file %s: line \"%s\" is damaged or missing: put it back from a "
                "backup",
                path, fields[i].name);
    }
    if (*p != '\0')
        return jb_fault_set(
            fault, JB_CORRUPT,
            "key file %s: something follows the last line: put it back from a backup", path);
    return JB_OK;
}

/* The secret as it must stand in the file, made anew from its first half. */
static bool remake_sign(const struct jb_node_keys *keys, uint8_t secret[JB_SIGN_SECRET_BYTES])
{
    uint8_t sign[JB_KEY_BYTES];

    if (keys->suite == JB_SUITE_SM2_SM3) {
        memcpy(secret, keys->sign_secret, JB_KEY_BYTES);
        return jb_sm2_public(secret, secret + JB_KEY_BYTES) == JB_OK;
    }
    return crypto_sign_seed_keypair(sign, secret, keys->sign_secret) == 0;
}

/* A flipped bit anywhere would give a node that nobody knows, or receipts that nobody believes. */
static bool halves_match(const struct jb_node_keys *keys)
{
    uint8_t secret[JB_SIGN_SECRET_BYTES] = {0};
    uint8_t line[JB_KEY_BYTES];

    memcpy(line, keys->line.secret_key, sizeof line);
    clamp(line);
    bool ok = sodium_memcmp(line, keys->line.secret_key, sizeof line) == 0 &&
              crypto_scalarmult_base(line, keys->line.secret_key) == 0;
    ok = ok && remake_sign(keys, secret) && memcmp(line, keys->line.public_key, sizeof line) == 0 &&
         memcmp(secret + JB_KEY_BYTES, keys->sign_public, JB_KEY_BYTES) == 0 &&
         sodium_memcmp(secret, keys->sign_secret, sizeof secret) == 0;
    sodium_memzero(line, sizeof line);
    sodium_memzero(secret, sizeof secret);
    return ok;
}

enum jb_err jb_keys_load(const char *path, struct jb_node_keys *out, struct jb_fault *fault)
{
    char text[FILE_MAX_BYTES] = "";
    out->suite = 0;
    enum jb_err err = read_file(path, text, fault);
    if (err == JB_OK)
        err = parse_file(text, path, out, fault);
    if (err == JB_OK)
        err = jb_suite_start(out->suite, fault);
    if (err == JB_OK && !halves_match(out))
        err =
            jb_fault_set(fault, JB_CORRUPT,
                         "key file %s is damaged, public and secret keys do not match: put it back "
                         "from a backup",
                         path);
    sodium_memzero(text, sizeof text);
    if (err != JB_OK)
        jb_keys_wipe(out);
    return err;
}

/* ---- the public halves ------------------------------------------------------------------------
 */

void jb_keys_public(const struct jb_node_keys *keys, struct jb_public_keys *out)
{
    out->suite = keys->suite;
    memcpy(out->line, keys->line.public_key, JB_KEY_BYTES);
    memcpy(out->sign, keys->sign_public, JB_KEY_BYTES);
}

static void public_check(const struct jb_public_keys *keys, uint8_t check[CHECK_BYTES])
{
    uint8_t both[2 * JB_KEY_BYTES];
    uint8_t hash[JB_HASH_BYTES];

    memcpy(both, keys->line, JB_KEY_BYTES);
    memcpy(both + JB_KEY_BYTES, keys->sign, JB_KEY_BYTES);
    jb_hash(keys->suite, both, sizeof both, hash);
    memcpy(check, hash, CHECK_BYTES);
}

void jb_keys_public_text(const struct jb_public_keys *keys, char out[JB_KEYS_PUBLIC_TEXT_BYTES])
{
    char line[2 * JB_KEY_BYTES + 1];
    char sign[2 * JB_KEY_BYTES + 1];
    char check_hex[2 * CHECK_BYTES + 1];
    uint8_t check[CHECK_BYTES];

    public_check(keys, check);
    sodium_bin2hex(line, sizeof line, keys->line, JB_KEY_BYTES);
    sodium_bin2hex(sign, sizeof sign, keys->sign, JB_KEY_BYTES);
    sodium_bin2hex(check_hex, sizeof check_hex, check, CHECK_BYTES);
    snprintf(out, JB_KEYS_PUBLIC_TEXT_BYTES, "jbk%c:%s:%s:%s", '0' + keys->suite % 10, line, sign,
             check_hex);
}

/* `len` bytes in hexadecimal, then `end`. NULL: anything else. */
static const char *parse_hex(const char *p, uint8_t *out, size_t len, char end)
{
    size_t got = 0;
    if (strnlen(p, 2 * len) != 2 * len)
        return NULL;
    if (sodium_hex2bin(out, len, p, 2 * len, NULL, &got, NULL) != 0 || got != len)
        return NULL;
    return p[2 * len] == end ? p + 2 * len + (end != '\0') : NULL;
}

/* "jbk1:" or "jbk2:" at the beginning: the suite, ready for use. */
static enum jb_err parse_prefix(const char *text, size_t len, uint8_t *suite,
                                struct jb_fault *fault)
{
    if (len < PREFIX_BYTES || strncmp(text, "jbk", 3) != 0)
        return jb_fault_set(fault, JB_MALFORMED,
                            "public keys must begin with \"jbk1:\" or \"jbk2:\"");
    *suite = text[3] >= '1' && text[3] <= '9' ? (uint8_t)(text[3] - '0') : 0;
    if (text[4] != ':' || !jb_suite_known(*suite))
        return jb_fault_set(fault, JB_VERSION,
                            "public keys are of another version than \"jbk1:\" and \"jbk2:\"");
    return jb_suite_start(*suite, fault);
}

enum jb_err jb_keys_public_parse(const char *text, struct jb_public_keys *out,
                                 struct jb_fault *fault)
{
    char line[JB_KEYS_PUBLIC_TEXT_BYTES];
    uint8_t check[CHECK_BYTES];
    uint8_t expected[CHECK_BYTES];
    struct jb_public_keys keys;

    text += strspn(text, " \t\r\n");
    size_t len = strcspn(text, " \t\r\n");
    enum jb_err err = parse_prefix(text, len, &keys.suite, fault);
    if (err != JB_OK)
        return err;
    if (len != sizeof line - 1 || text[len + strspn(text + len, " \t\r\n")] != '\0')
        return jb_fault_set(fault, JB_MALFORMED,
                            "public keys must be one word of %zu characters: jbk1:...:...:...",
                            sizeof line - 1);
    memcpy(line, text, len);
    line[len] = '\0';
    const char *p = parse_hex(line + PREFIX_BYTES, keys.line, JB_KEY_BYTES, ':');
    if (p != NULL)
        p = parse_hex(p, keys.sign, JB_KEY_BYTES, ':');
    if (p != NULL)
        p = parse_hex(p, check, CHECK_BYTES, '\0');
    if (p == NULL)
        return jb_fault_set(fault, JB_MALFORMED, "public keys are not in hexadecimal digits");
    public_check(&keys, expected);
    if (memcmp(check, expected, CHECK_BYTES) != 0)
        return jb_fault_set(fault, JB_MALFORMED,
                            "public keys: the checksum is wrong, a character was changed");
    *out = keys;
    return JB_OK;
}

uint64_t jb_keys_tag(const uint8_t line_key[JB_KEY_BYTES])
{
    uint64_t tag = 0;
    for (int i = 0; i < 8; i++)
        tag = tag << 8 | line_key[i];
    return tag;
}
