#!/bin/bash
# Install the Debian packages that are missing, and only those.
#
#   tests/install-packages.sh build         what `make demo` needs
#   tests/install-packages.sh build test    what `make test` needs as well (and promtool, see below)
#   tests/install-packages.sh browser       what the web console needs to be built and tested
#   tests/install-packages.sh bench         what `make bench-peers` needs as well
#
# With everything in place nothing is asked and nothing is fetched, so no root is needed then.
# Never asks a question; works without a terminal.
set -eu

# Compiling, and running what was compiled.
build="gcc libc6-dev make pkg-config protobuf-c-compiler libprotobuf-c-dev libzmq3-dev
    libsqlite3-dev libuv1-dev libsodium-dev libinih-dev libsmartcols-dev libsystemd-dev
    libxlsxwriter-dev libssl-dev libmicrohttpd-dev libjansson-dev libzip-dev libexpat1-dev libpq-dev
    libcurl4-openssl-dev gettext"

# Unit tests; the independent node in Python; the gateway's contract and every answer against it;
# linters; a second compiler; scripts of the tests; a model checker; a database server that the tests of the
# exchange table start for themselves.
test="libcmocka-dev protobuf-compiler python3 python3-zmq python3-protobuf python3-nacl python3-yaml
    python3-jsonschema clang clang-format clang-tidy cppcheck valgrind spin procps bash-completion postgresql-15"

# Building the web console; a browser to look at it, and a font with Chinese characters in it.
browser="chromium fonts-wqy-zenhei"
# By their programs: a newer Node.js than Debian's has npm in its own package.
command -v node >/dev/null || browser="$browser nodejs"
command -v npm >/dev/null || browser="$browser npm"

# `make bench-peers`: the systems that jiaoban is compared with, what their clients are built
# on. Their packages start a server of their own; the benchmark starts others beside it.
bench="nats-server libnats-dev redis-server libhiredis-dev rabbitmq-server librabbitmq-dev mosquitto
    postgresql-15"

wanted=""
for set in "${@:-build}"; do
    case $set in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    browser) wanted="$wanted $browser" ;;
    bench) wanted="$wanted $bench" ;;
    *) echo "usage: $0 [build] [test] [browser] [bench]" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "This is not a Debian system. Install the equivalents of:$wanted" >&2
    echo "then run make all, tests/demo/run or tests/run directly." >&2
    exit 1
fi

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=""
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done

# The checker of Prometheus comes alone, below $BUILD: its package would start a server that everybody
# may reach, and bring a dozen other packages.
tools=${BUILD:-build}/tools
promtool=""
if [[ " $* " == *" test "* ]] && ! command -v promtool >/dev/null && [ ! -x "$tools/promtool" ]; then
    promtool=wanted
fi
[ -n "$missing$promtool" ] || exit 0

as_root=""
if [ -n "$missing" ] && [ "$(id -u)" -ne 0 ]; then
    # -n: a password prompt would hang where nobody is looking.
    if [ -t 0 ] && command -v sudo >/dev/null; then
        as_root="sudo"
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "These Debian packages are missing and you are neither root nor may use sudo:" >&2
        echo " $missing" >&2
        echo "Ask an administrator for: apt-get install$missing" >&2
        exit 1
    fi
fi

apt() {
    # shellcheck disable=SC2086 # as_root is empty or words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 "$@" </dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

fetch_promtool() {
    local folder
    mkdir -p "$tools"
    folder=$(mktemp -d "$tools/fetch.XXXXXX")
    # the lists of packages may be missing: then only root can help
    (cd "$folder" && { apt-get -q download prometheus || { apt update && apt-get -q download prometheus; }; }) \
        >"$log" 2>&1 &&
        dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool &&
        mv "$folder/usr/bin/promtool" "$tools"
    rm -rf "$folder"
    [ -x "$tools/promtool" ]
}
[ -z "$promtool" ] || fetch_promtool || { cat "$log" >&2; echo "promtool could not be fetched" >&2; exit 1; }
[ -n "$missing" ] || exit 0

echo "Installing:$missing"
# shellcheck disable=SC2086 # one word per package
if ! { apt update && apt install --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "apt-get could not install:$missing" >&2
    exit 1
fi
for package in $missing; do
    installed "$package" || { cat "$log" >&2; echo "$package is still missing" >&2; exit 1; }
done
