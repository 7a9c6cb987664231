"""PROFILE=1: where the broker's CPU time goes, by perf; printed after each run of jiaoban."""
import os
import shutil
import signal
import subprocess
import sys
import time

WANTED = os.environ.get("PROFILE") == "1"
LINES = int(os.environ.get("PROFILE_LINES", "60"))


def begin(server):
    """From the first hand-over on; None when nothing is to be profiled."""
    if not WANTED or "jiaoban" not in server.load:
        return None
    if shutil.which("perf") is None:
        sys.exit("PROFILE=1 needs perf (Debian: linux-perf)")
    data = server.path("perf.data")
    # cpu-clock: also where the machine has no counters, as most virtual ones
    command = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "--call-graph",
               "dwarf,8192" if os.environ.get("PROFILE_STACKS") == "1" else "fp",
               "-p", str(server.pid()), "-o", data]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), data


def end(profile):
    if profile is None:
        return
    child, data = profile
    child.send_signal(signal.SIGINT)
    child.wait()
    time.sleep(0.1)
    for title, sort in (("by thread and library", "tid,dso"), ("by function", "dso,symbol")):
        report = subprocess.run(["perf", "report", "--stdio", "-i", data, "--no-children", "-g",
                                 "none", "--percent-limit", "0.3", "--sort", sort],
                                capture_output=True, text=True, check=False).stdout
        lines = [x for x in report.splitlines() if x.strip() and not x.startswith("#")]
        print(f"\n-- broker's CPU time {title}\n" + "\n".join(lines[:LINES]), file=sys.stderr)
