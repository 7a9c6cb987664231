"""Where the broker's CPU time goes, printed after each run of jiaoban.

PROFILE=1: samples by perf, from the first hand-over on. PROFILE=callgrind: valgrind counts
instructions, where perf may not look; everything is fifty times slower then, and only the shares
mean something. PROFILE_STACKS=1: with callers (perf unwinds by the frames' descriptions).
"""
import os
import shutil
import signal
import subprocess
import sys
import time

WANTED = os.environ.get("PROFILE", "")
STACKS = os.environ.get("PROFILE_STACKS") == "1"
LINES = int(os.environ.get("PROFILE_LINES", "50"))
TABLES = [("by thread", "pid"), ("by library", "dso"), ("by function", "dso,symbol")]


def need(program, package):
    if shutil.which(program) is None:
        sys.exit(f"PROFILE={WANTED} needs {program} (Debian: {package})")


def wrapped(command, folder):
    """What the broker is started with."""
    if WANTED != "callgrind":
        return command
    need("valgrind", "valgrind")
    return ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=no",
            f"--callgrind-out-file={folder}/callgrind.out", *command]


def begin(server):
    """At the first hand-over; None when nothing is to be profiled."""
    if not WANTED or "jiaoban" not in server.load:
        return None
    if WANTED == "callgrind":
        subprocess.run(["callgrind_control", "-i", "on", str(server.pid())], check=True,
                       capture_output=True)
        return None, server
    need("perf", "linux-perf")
    # cpu-clock: also where the machine has no counters, as most virtual ones
    command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "999",
               *(["--call-graph", "dwarf,8192"] if STACKS else []),
               "-p", str(server.pid()), "-o", server.path("perf.data")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), server


def end(profile):
    if profile is None:
        return
    child, server = profile
    if child is None:
        report_callgrind(server)
        return
    child.send_signal(signal.SIGINT)
    child.wait()
    time.sleep(0.1)
    for title, sort in TABLES:
        report(title, "perf", "report", "--stdio", "-i", server.path("perf.data"), "--no-children",
               "-g", "none", "--percent-limit", "0.3", "--sort", sort)
    if STACKS:
        report("with what it calls", "perf", "report", "--stdio", "-i", server.path("perf.data"),
               "--children", "-g", "none", "--percent-limit", "1", "--sort", "symbol")


def report_callgrind(server):
    subprocess.run(["callgrind_control", "-i", "off", str(server.pid())], check=False,
                   capture_output=True)
    subprocess.run(["callgrind_control", "-d", str(server.pid())], check=False,
                   capture_output=True)
    found = sorted(name for name in os.listdir(server.folder) if name.startswith("callgrind.out"))
    for name in found[-1:]:
        report("by function (instructions)", "callgrind_annotate", server.path(name))


def report(title, *command):
    out = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [x.rstrip() for x in out.stdout.splitlines() if x.strip() and not x.startswith("#")]
    print(f"\n-- broker's CPU time {title}\n" + "\n".join(lines[:LINES] or [out.stderr.strip()]),
          file=sys.stderr, flush=True)
