#!/bin/bash
# Checks of the source tree's shape that no compiler makes.
#
#   tests/layers.sh layers          includes point one way only
#   tests/layers.sh sizes           files, functions and lines stay short
#   tests/layers.sh symbols BUILD   libjiaoban exports exactly its headers; no name twice
#
# Prints one line per violation; exit status 1 if there is any.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C

MAX_FILE_LINES=500
MAX_FUNCTION_LINES=80
MAX_COLUMNS=100

# Which of our headers a folder may include (extended regular expressions on the whole path).
layer_rules() {
    cat <<'RULES'
proto/base       proto/base/[a-z0-9_]+\.h
proto/rules      proto/(rules/[a-z0-9_]+|base/(bytes|err|arena|utf8|initext))\.h
proto/wire       proto/((base|rules|wire)/[a-z0-9_]+\.h|schema/[a-z0-9_]+\.pb-c\.h)
proto/ledger     proto/((base|rules|ledger)/[a-z0-9_]+|wire/(blob|codec|chain|frame|seal|sign|suite))\.h
daemon           (daemon|proto/(base|rules|wire|ledger))/[a-z0-9_]+\.h
clients/agent    (clients/agent|proto/(base|rules|wire|ledger))/[a-z0-9_]+\.h
clients/lib      (clients/lib|proto/(base|rules|wire))/[a-z0-9_]+\.h
clients/report   clients/(report/[a-z0-9_]+|lib/jiaoban(_types|_serve)?)\.h
clients/cli      (clients/((cli|report)/[a-z0-9_]+|lib/jiaoban(_uv|_types|_serve)?)|proto/base/usage)\.h
clients/gateway  (clients/(gateway/(adapters/)?[a-z0-9_]+|report/[a-z0-9_]+|lib/jiaoban(_uv|_types|_serve)?)|proto/((base|rules)/[a-z0-9_]+|wire/jsonin))\.h
tests            (proto|daemon|clients|tests)/[a-z0-9_/.-]+\.h
RULES
}

# Which folders may include a header of a library.
library_rules() {
    cat <<'RULES'
zmq\.h                proto/wire tests
sqlite3\.h            proto/ledger clients/gateway tests
libintl\.h            clients/report clients/cli clients/gateway proto/base
libsmartcols.*\.h     clients/cli
xlsxwriter\.h         clients/report tests
ini\.h                proto/base proto/rules
openssl/.*\.h         proto/wire
jansson\.h            proto/wire clients/gateway
microhttpd\.h         clients/gateway
zip\.h                clients/gateway tests
expat\.h              clients/gateway
libpq-fe\.h           clients/gateway tests
curl/curl\.h          clients/gateway
RULES
}

# proto/rules is pure: the C library without clock, files or system calls.
PURE='(assert|ctype|errno|inttypes|limits|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|ini)\.h'

sources() {
    find proto daemon clients tests -name '*.[ch]' -type f | sort
}

check_layers() {
    # shellcheck disable=SC2046 # our file names hold no blanks
    grep -HnE '^[[:space:]]*#[[:space:]]*include' $(sources) | awk -v pure="$PURE" \
        -v layers="$(layer_rules)" -v libraries="$(library_rules)" '
    BEGIN {
        n = split(layers, row, "\n")
        for (i = 1; i <= n; i++) { split(row[i], f, " +"); may[f[1]] = f[2] }
        libs = split(libraries, row, "\n")
        for (i = 1; i <= libs; i++) {
            split(row[i], f, " +"); lib[i] = f[1]
            homes[i] = " " substr(row[i], length(f[1]) + 1) " "
        }
    }
    function complain(text) { print where ": " text; bad = 1 }
    function folder_of(path) {
        if (path ~ /^tests\//) return "tests"
        if (path ~ /^daemon\//) return "daemon"
        split(path, f, "/"); return f[1] "/" f[2]
    }
    {
        split($0, part, ":"); file = part[1]; where = file ":" part[2]
        folder = folder_of(file)
        if (match($0, /"[^"]*"/)) {
            header = substr($0, RSTART + 1, RLENGTH - 2)
            if (!(folder in may)) complain("no rule for folder " folder)
            else if (file ~ /^clients\/lib\/jiaoban[a-z_]*\.h$/ && header ~ /^jiaoban[a-z_]*\.h$/)
                next # beside each other, in the tree and where they are installed
            else if (header !~ "^(" may[folder] ")$")
                complain(folder " must not include \"" header "\"")
            else if (header !~ /\.pb-c\.h$/ && (getline line < header) < 0)
                complain("\"" header "\" is not a path from the top of the tree")
            close(header)
        } else if (match($0, /<[^>]*>/)) {
            header = substr($0, RSTART + 1, RLENGTH - 2)
            for (i = 1; i <= libs; i++)
                if (header ~ "(^|/)" lib[i] "$" && homes[i] !~ " " folder " ")
                    complain(folder " must not include <" header ">")
            if (folder == "proto/rules" && header !~ "^" pure "$")
                complain("rules are pure, <" header "> is not")
            if (header ~ /pb-c\.h$/ && folder != "proto/wire" && folder != "tests")
                complain(folder " must not include <" header ">")
        } else complain("an include that this check cannot read")
        if (file ~ /^clients\/lib\/jiaoban[a-z_]*\.h$/ && $0 ~ /"/ && $0 !~ /"jiaoban[a-z_]*\.h"/)
            complain("a public header includes only public headers")
    }
    END { exit bad }'
}

check_sizes() {
    # Bytes 0x80-0xBF continue a character: not counting them counts characters.
    # shellcheck disable=SC2046
    awk -v max_file=$MAX_FILE_LINES -v max_function=$MAX_FUNCTION_LINES -v max_columns=$MAX_COLUMNS '
    function end_of_file() {
        if (lines > max_file) { print name ": " lines " lines, allowed " max_file; bad = 1 }
    }
    FNR == 1 { end_of_file(); name = FILENAME; start = 0 }
    { lines = FNR; text = $0; gsub(/[\200-\277]/, "", text) }
    length(text) > max_columns {
        print FILENAME ":" FNR ": " length(text) " columns, allowed " max_columns; bad = 1
    }
    /^\{$/ { start = FNR }
    /^\}$/ && start {
        if (FNR - start + 1 > max_function) {
            print FILENAME ":" start ": function of " FNR - start + 1 " lines, allowed " max_function
            bad = 1
        }
        start = 0
    }
    END { end_of_file(); exit bad }' $(sources)
}

# Functions that the public headers declare; comments do not count.
declared() {
    cat clients/lib/jiaoban.h clients/lib/jiaoban_uv.h clients/lib/jiaoban_serve.h | awk '
    { while (match($0, /\/\*[^*]*\*+([^\/*][^*]*\*+)*\//))
          $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH) }
    open { if (!match($0, /\*\//)) next; $0 = substr($0, RSTART + 2); open = 0 }
    match($0, /\/\*/) { $0 = substr($0, 1, RSTART - 1); open = 1 }
    { print }' | grep -oE 'jiaoban_[a-z0-9_]+\(' | tr -d '(' | sort -u
}

same_names() {
    local what=$1 found=$2 rc=0
    while read -r mark name; do
        case $mark in
        '<') echo "$what does not export $name, which a public header declares"; rc=1 ;;
        '>') echo "$what exports $name, which no public header declares"; rc=1 ;;
        esac
    done < <(diff <(declared) <(printf '%s\n' "$found") || true)
    return $rc
}

check_symbols() {
    local build=$1 rc=0 twice
    same_names libjiaoban.so "$(nm -D --defined-only "$build/libjiaoban.so" | \
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u)" || rc=1
    same_names libjiaoban.a "$(nm -g --defined-only "$build/libjiaoban.a" 2>/dev/null | \
        awk 'NF == 3 { print $3 }' | sort -u)" || rc=1
    # The linker takes whichever comes first without a word, so a name must be unique.
    twice=$(nm -A -g --defined-only "$build"/libjb*.a 2>/dev/null | \
        awk 'NF == 3 && $2 ~ /[TDBRC]/ { print $3 }' | sort | uniq -d)
    if [ -n "$twice" ]; then
        nm -A -g --defined-only "$build"/libjb*.a | grep -wF "$twice" | sed 's/^/defined twice: /'
        rc=1
    fi
    return $rc
}

case ${1:-} in
layers) check_layers ;;
sizes) check_sizes ;;
symbols) check_symbols "${2:-build}" ;;
*) echo "usage: $0 layers | sizes | symbols BUILD" >&2; exit 2 ;;
esac
