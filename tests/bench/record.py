"""A large record: how it grows, how fast the broker is with it and starts on it, how fast an agent
catches up with it, what its agent needs, how fast it answers."""
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import chart
import servers
from rig import Rig, resident_kib, show, tool, wait_until, write
from rows import MAIN, QUICK, RUNS

ENTRIES = int(os.environ.get("ENTRIES", "10000000"))
CATCH_UP = min(1000000, ENTRIES)
TIMES = int(os.environ.get("TIMES", "60"))  # each question is asked
# ten entries a case, of which the office's replica gets each
REPLICA_ENTRIES = int(os.environ.get("REPLICA_ENTRIES", "20000" if QUICK else "1000000"))


def county(server):
    return [server.endpoint, server.at_home("admin.sock"), server.key, server.at_home("county")]


def record_of(server):
    return server.at_home("broker/broker.db")


def grow(bench, server, entries):
    """To so many entries; entries a second. The lines of tests/bench/jiaoban/grow.c are kept."""
    command = [tool("tests/bench/grow"), *county(server), record_of(server), str(entries)]
    rate = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            row = json.loads(line)
            bench.keep(row="growth", broker_rss_kib=resident_kib(server.pid()), **row)
            if "grown" in row:
                rate = row["grown"] / row["seconds"]
    if child.returncode != 0:
        raise RuntimeError("grow failed")
    return rate


def grow_in_steps(bench, server, first, last):
    """(entries, entries/s on the way there, bytes an entry when all of the WAL is in the file)."""
    points, entries = [], first
    while entries <= last:
        rate = grow(bench, server, entries)
        server.stop()
        each = os.path.getsize(record_of(server)) / entries
        server.start()
        points.append((entries, rate, each))
        bench.keep(row="growth-step", entries=entries, entries_per_s=rate, bytes_per_entry=each)
        show(entries=entries, entries_per_s=round(rate), bytes_per_entry=round(each))
        entries = entries * 10 // 3 if str(entries)[0] == "3" else entries * 3
    return points


def flatness(values):
    """How far the values lie apart, as a share of the largest."""
    return (max(values) - min(values)) / max(values) if values else None


def start_agent(rig, server, name, key_code):
    """A real agent with the keys of one of the light nodes, and no replica."""
    key = rig.path(name + ".key")
    subprocess.run([tool("tests/bench/crowd"), "key", *county(server), key_code, key], check=True)
    write(rig.path(name + ".conf"), (
        f"[agent]\ndata={rig.path(name)}\nkey={key}\nsocket={rig.socket(name)}\n"
        f"broker={server.endpoint}\nbroker_key={server.key}\ncode={key_code}\n"
        "log_level=info\n"))
    rig.go(name)


def in_sync(rig, name, since):
    """Its log says so, from this byte of it on."""
    with open(rig.path(name + ".log"), "rb") as log:
        log.seek(since)
        return b"state=in_sync" in log.read()


def catch_up(rig, bench, name, since=0):
    """Until it is in sync; seconds, resident memory on the way."""
    began = time.monotonic()
    resident = []
    while not in_sync(rig, name, since):
        resident += [(time.monotonic() - began, resident_kib(rig.pid(name)))]
        time.sleep(0.1)
    seconds = time.monotonic() - began
    early = [kib for at, kib in resident if at >= seconds * 0.2][:1] or [None]
    row = {"seconds": round(seconds, 2), "rss_kib_early": early[0],
           "rss_kib_most": max((kib for _, kib in resident), default=None)}
    bench.keep(row="catch-up", **row)
    return row


def items_of(rig, code):
    answer = json.loads(rig.cli("--admin", rig.admin, "node", "list"))["nodes"]
    nodes = answer.get("nodes", []) if isinstance(answer, dict) else answer
    return next(int(n["stream_number"]) for n in nodes if n["code"] == code)


def rig_around(server):
    return Rig.around(server.home, server.at_home("admin.sock"), server.endpoint, server.key,
                      county=False)


def replica(bench, targets, server, questions):
    """A real agent takes the office's place: catches up, is started again, is asked."""
    rig = rig_around(server)
    try:
        items = items_of(rig, "office0")
        start_agent(rig, server, "agent", "office0")
        row = catch_up(rig, bench, "agent")
        rig.end(["agent"])
        told = os.path.getsize(rig.path("agent.log"))
        rig.go("agent")
        wait_until("agent in sync", 60, lambda: in_sync(rig, "agent", told))
        time.sleep(3)
        idle_kib = resident_kib(rig.pid("agent"))
        bench.keep(row="agent-idle", items=items, rss_kib=idle_kib)
        show(items=items, idle_kib=idle_kib, **row)
        if not questions:
            targets.at_least("catch-up", items / row["seconds"], 60000, "items/s")
            targets.at_most("catch-up-rss-growth", row["rss_kib_most"] / row["rss_kib_early"]
                            if row["rss_kib_early"] else None, 1.25)
            targets.at_most("agent-rss-idle", idle_kib / 1000, 10, "MB")
            return
        ask(bench, targets, rig)
    finally:
        rig.end(list(rig.running))


def cpu_seconds(pid):
    """Of a process so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def agent_ready(rig, bench, times=3):
    """From exec to READY with the replica that is there; the median."""
    seconds = []
    for _ in range(times):
        rig.end(["agent"])
        began = time.monotonic()
        rig.go("agent")
        seconds.append(time.monotonic() - began)
    bench.keep(row="agent-ready", seconds=seconds)
    return statistics.median(seconds)


def replica_alone(bench, targets):
    """An office's agent with a replica of REPLICA_ENTRIES / 10 cases, and nothing else: catches up,
    rests, is started again, is asked."""
    server = servers.Jiaoban(tempfile.mkdtemp(prefix="jb-load."), tempfile.mkdtemp(prefix="jb-record."))
    rig = None
    try:
        server.start()
        grow(bench, server, REPLICA_ENTRIES)
        rig = rig_around(server)
        items = items_of(rig, "office0")
        start_agent(rig, server, "agent", "office0")
        row = catch_up(rig, bench, "agent")
        row["items_per_cpu_s"] = round(items / cpu_seconds(rig.pid("agent")))
        ready_s = agent_ready(rig, bench)
        time.sleep(4)  # the agent gives back what made it fast after two seconds without work
        idle_kib = resident_kib(rig.pid("agent"))
        bench.keep(row="replica", items=items, rss_kib=idle_kib, ready_s=ready_s, **row)
        show(items=items, idle_kib=idle_kib, ready_s=round(ready_s, 3), **row)
        targets.at_least("replica-catch-up", items / row["seconds"], 60000, "items/s")
        targets.at_most("replica-catch-up-rss-growth", row["rss_kib_most"] / row["rss_kib_early"]
                        if row["rss_kib_early"] else None, 1.25)
        targets.at_most("replica-agent-ready", ready_s, 1, "s")
        targets.at_most("replica-agent-rss-idle", idle_kib * 1024 / 1e6, 10, "MB")
        ask(bench, targets, rig)
    finally:
        if rig is not None:
            rig.end(list(rig.running))
        server.close()
        shutil.rmtree(server.home, ignore_errors=True)


def ask(bench, targets, rig):
    out = subprocess.run([tool("tests/bench/ask"), rig.socket("agent"), str(TIMES)], check=True,
                         capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    for row in rows:
        bench.keep(row="ask", **row)
        show(**row)
    for row in rows:
        targets.at_most(f"list-p95-{row['question']}", row["p95_ms"], 50, "ms")


def copy_of(server):
    """The record as it is now, for what must not change it."""
    home = tempfile.mkdtemp(prefix="jb-copy.")
    server.stop()
    shutil.rmtree(home)
    shutil.copytree(server.home, home, ignore=lambda d, names: [n for n in names
                                                                if n.endswith(".sock")])
    other = servers.Jiaoban(tempfile.mkdtemp(prefix="jb-load."), home)
    other.key = server.key
    return other


def throughput(bench, targets, server):
    """The main row on this record and on an empty one, in turn."""
    row = MAIN[1]

    class Same(servers.Jiaoban):
        def __init__(self, folder):
            super().__init__(folder, server.home)
            self.key = server.key

    server.stop()
    for _ in range(RUNS):
        bench.run("jiaoban", row)
        bench.run("jiaoban-large", row, Same)
    large, empty = bench.median("jiaoban-large", row.name), bench.median("jiaoban", row.name)
    targets.at_least("throughput-large-record", large / empty if large and empty else None, 0.85)


def ready(bench, targets, server):
    """From exec to READY: after a clean end, and after kill -9 with a WAL to recover."""
    times = []
    for _ in range(5):
        server.stop()
        began = time.monotonic()
        server.start()
        times.append(time.monotonic() - began)
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    server.start()
    bench.keep(row="ready", seconds=times, after_kill_s=time.monotonic() - began)
    targets.at_most("start-to-ready", statistics.median(times), 1, "s")


def run(bench, targets):
    home = os.environ.get("RECORD_HOME") or tempfile.mkdtemp(prefix="jb-record.")
    os.makedirs(home, exist_ok=True)
    server = servers.Jiaoban(tempfile.mkdtemp(prefix="jb-load."), home)
    try:
        server.start()
        points = grow_in_steps(bench, server, min(10000, ENTRIES), CATCH_UP)
        other = copy_of(server)
        try:
            other.start()
            replica(bench, targets, other, questions=False)
        finally:
            other.close()
            shutil.rmtree(other.home, ignore_errors=True)
        server.start()
        points += grow_in_steps(bench, server, CATCH_UP * 3, ENTRIES)
        chart.growth(points, bench.path.replace("bench.jsonl", "growth.svg"))
        targets.at_most("growth-entries-per-s", flatness([p[1] for p in points]), 0.15)
        targets.at_most("growth-bytes-per-entry", flatness([p[2] for p in points]), 0.15)
        ready(bench, targets, server)
        throughput(bench, targets, server)
        server.start()
        replica(bench, targets, server, questions=True)
    finally:
        server.close()
        if "RECORD_HOME" not in os.environ:
            shutil.rmtree(home, ignore_errors=True)
