#!/bin/bash
# Checks of what is delivered that no compiler makes.
#
#   tests/hardening.sh binaries BUILD   programs and library are built hardened, none is setuid
#   tests/hardening.sh units            systemd's own score of our units is 2.0 or better
#   tests/hardening.sh claims           what proto/SECURITY.md calls a proof is there
#
# Prints one line per violation; exit status 1 if there is any.
set -eu
shopt -s lastpipe # so that what a check at the end of a pipe finds is remembered
cd "$(dirname "$0")/.."
export LC_ALL=C

SCORE_MAX=2.0
bad=0
complain() { echo "$*"; bad=1; }

# has FILE WHAT TEXT: complain unless standard input has a line that matches TEXT.
has() { grep -Eq -- "$3" || complain "$1: $2"; }
has_not() { ! grep -Eq -- "$3" || complain "$1: $2"; }

check_binary() {
    local file=$1 program=$2
    readelf -hW "$file" | has "$file" "is not position independent" 'Type: +DYN'
    readelf -lW "$file" | has "$file" "has no RELRO" 'GNU_RELRO'
    readelf -lW "$file" | has_not "$file" "has an executable stack" 'GNU_STACK.* RWE '
    readelf -lW "$file" | has_not "$file" "has a segment that is writable and executable" 'LOAD.* RWE '
    readelf -dW "$file" | has "$file" "binds lazily" 'FLAGS.*(NOW|BIND_NOW)'
    readelf -dW "$file" | has_not "$file" "searches libraries in a folder of its own" 'RPATH|RUNPATH'
    readelf -dW "$file" | has_not "$file" "has relocations in its code" 'TEXTREL'
    readelf --dyn-syms -W "$file" | has "$file" "has no stack protector" '__stack_chk_fail'
    readelf --dyn-syms -W "$file" | has "$file" "has no fortified functions" '__[a-z]+_chk(@|$)'
    readelf --dyn-syms -W "$file" |
        has_not "$file" "uses a function that cannot be used safely" ' (gets|strcpy|strcat|sprintf|tmpnam|mktemp|system)@'
    if [ "$(uname -m)" = x86_64 ]; then
        objdump -d --no-show-raw-insn "$file" | grep -c endbr64 | has "$file" "has no CET landing pads" '^[0-9]{3,}$'
    fi
    [ "$program" = no ] || readelf -dW "$file" | has "$file" "is no PIE" 'FLAGS_1.*PIE'
    [ ! -u "$file" ] && [ ! -g "$file" ] || complain "$file: is setuid or setgid"
}

check_binaries() {
    local build=$1 name
    for name in jiaoband jiaoban-agent jiaoban jiaoban-gateway jiaoban-exchange; do
        check_binary "$build/$name" yes
    done
    check_binary "$build/libjiaoban.so" no
    if grep -nE 'install .*-m *[2-7][0-7]{3}' Makefile; then
        complain "Makefile: installs something setuid or setgid"
    fi
}

# One directive, exactly as it stands in every unit of a daemon.
UNIT_LINES='LimitCORE=0
NoNewPrivileges=yes
CapabilityBoundingSet=
MemoryDenyWriteExecute=yes
UMask=0077
SystemCallFilter=@system-service
SystemCallArchitectures=native'

check_units() {
    local unit score line
    for unit in deploy/systemd/*.service; do
        score=$(systemd-analyze security --offline=yes --threshold=100 "$unit" 2>&1 |
            sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p')
        [ -n "$score" ] || { complain "$unit: systemd-analyze says no score"; continue; }
        awk -v s="$score" -v m=$SCORE_MAX 'BEGIN { exit !(s <= m) }' ||
            complain "$unit: exposure $score, at most $SCORE_MAX is allowed"
        while read -r line; do
            grep -qxF -- "$line" "$unit" || complain "$unit: has no line $line"
        done <<<"$UNIT_LINES"
        grep -q '^MemoryMax=[0-9]' "$unit" || complain "$unit: has no MemoryMax"
        grep -q '^LimitNOFILE=[0-9]' "$unit" || complain "$unit: has no LimitNOFILE"
        grep -Eq '^(User=[a-z]|DynamicUser=yes)' "$unit" || complain "$unit: runs as root"
    done
}

# Every test, source and make target in backquotes exists, and every case named in brackets behind one.
check_claims() {
    local doc=proto/SECURITY.md name cases=0
    while read -r name; do
        case $name in
        make\ *) grep -q "^${name#make }:" Makefile || complain "$doc: no target $name" ;;
        tests/*.sh\ *) [ -x "${name%% *}" ] || complain "$doc: no script $name" ;;
        tests/* | proto/*) [ -e "$name" ] || complain "$doc: no file $name" ;;
        *_test.c | test_*) [ -n "$(find tests/unit tests/e2e -name "$name")" ] || complain "$doc: no test $name" ;;
        esac
    done < <(grep -o '`[^`]*`' "$doc" | tr -d '`' | sort -u)
    while read -r name; do
        grep -rqw "$name" tests/unit tests/e2e || complain "$doc: no case $name"
        cases=$((cases + 1))
    done < <(grep -oE '\(an?_[a-z_0-9]+\)|\([a-z]+(_[a-z0-9]+){3,}\)' "$doc" | tr -d '()' | sort -u)
    [ "$cases" -gt 3 ] || complain "$doc: names $cases cases only"
}

case ${1:-} in
binaries) check_binaries "$2" ;;
units) check_units ;;
claims) check_claims ;;
*) echo "usage: $0 binaries BUILD | units | claims" >&2; exit 2 ;;
esac
exit $bad
