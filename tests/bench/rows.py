"""Rows of the comparison: which load, on which system, how often; medians of alternating runs."""
import json
import os
import statistics
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple

import profile_broker
import servers
from rig import tool

QUICK = os.environ.get("QUICK") == "1"
RUNS = int(os.environ.get("RUNS", "1" if QUICK else "5"))
SECONDS = float(os.environ.get("SECONDS_EACH", "1" if QUICK else "2"))
MOST = 400000  # hand-overs of one run
ISOLATE = os.environ.get("ISOLATE") == "1"  # receivers do not sync, and are in memory


# Ended from outside: servers are stopped and folders removed on the way out.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Row(NamedTuple):
    name: str
    nodes: int
    window: int
    senders: int = 1
    rate: int = 0        # hand-overs a second in all; 0: as fast as the window lets
    expected: int = 15000  # a second: how many cases are registered beforehand
    most: int = 0        # hand-overs in all, then the run ends; 0: by time
    seconds: float = SECONDS

    def title(self):
        paced = f", paced {self.rate}/s" if self.rate else ""
        return f"N={self.nodes} S={self.senders} W={self.window}{paced}"


MAIN = [Row("w1", 50, 1, expected=3000), Row("w64", 50, 64), Row("w1024", 50, 1024)]
WIDE = [Row("n500", 500, 64, expected=8000), Row("s16", 50, 64, senders=16, expected=30000),
        Row("paced", 50, 1024, senders=4, rate=2000, expected=2200,
            seconds=2.5 * SECONDS)]
MATRIX = [Row(f"n{n}-w{w}", n, w) for n in (1, 500) for w in (1, 64, 1024) if (n, w) != (500, 64)]

DURABLE = {
    "redis": servers.Redis, "rabbitmq-quorum": servers.Rabbit, "nats-sync": servers.Nats,
    "postgres": servers.PostgresSingle, "postgres-batch": servers.Postgres,
}
NOT_DURABLE = {"rabbitmq-classic": servers.RabbitClassic,
               "redis-everysec": servers.RedisEverySecond, "nats": servers.NatsDefault,
               "mosquitto": servers.Mosquitto}
FLOOR = {"floor-curve": servers.Floor, "floor-signed": servers.FloorSigned, "floor-plain": servers.FloorPlain,
         "floor-log": servers.FloorLog, "floor-router": servers.FloorRouter,
         "sqlite": servers.NoNetwork, "log": servers.NoNetworkLog}
OURS = {"jiaoban": servers.Jiaoban, "jiaoban-register": servers.JiaobanRegister,
        "agents": servers.Agents}
SYSTEMS = {**OURS, **DURABLE, **NOT_DURABLE, **FLOOR}


class Bench:
    """Runs and keeps what they came to; one JSON line each in `path`."""

    def __init__(self, path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.out = open(path, "w", encoding="utf-8")
        self.path = path
        self.rows = []    # what the load program printed, with "row" and "system"
        self.rate = {}    # of the last run, by (system, row)
        self.refused = []

    def keep(self, **row):
        self.rows.append(row)
        self.out.write(json.dumps(row, ensure_ascii=False) + "\n")
        self.out.flush()

    def run(self, system, row, server_class=None, extra=()):
        """One server, one load."""
        folder = tempfile.mkdtemp(prefix="jb-load.")
        try:
            server = (server_class or SYSTEMS[system])(folder)
            try:
                result = self.load(system, row, server, extra)
            finally:
                server.stop()
        finally:
            subprocess.run(["rm", "-rf", folder], check=False)
        self.keep(system=system, row=row.name, **result)
        show(row, self.rows[-1])
        if "refused" in result:
            self.refused.append(f"{system} {row.name}: {result['refused']}")
        else:
            self.rate[system, row.name] = result["acknowledged_per_s"]

    def load(self, system, row, server, extra):
        server.want(row.nodes, row.senders)
        server.start()
        own = servers.counter(server.path("own.syncs"))
        expected = self.rate.get((system, row.name), row.expected) * 1.3
        most = min(int(expected * row.seconds) // row.senders * row.senders, MOST)
        if not issubclass(type(server), servers.Jiaoban):
            most = MOST
        most = row.most or most
        command = [tool("tests/bench/" + server.load), "--label", system,
                   "--nodes", str(row.nodes), "--window", str(row.window),
                   "--senders", str(row.senders), "--seconds", str(row.seconds), "--most", str(most),
                   "--rate", str(row.rate), "--pid", str(server.pid()),
                   "--folder", server.receivers(ISOLATE), "--own-syncs", own,
                   *(["--receivers-unsynced"] if ISOLATE else []),
                   *(["--broker-syncs", server.syncs] if server.counted else []),
                   *(["--may-outrun"] if server.may_outrun else []),
                   *server.arguments(), *extra]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env=server.load_environment(own))
        return finish(child, server)

    def alternate(self, systems, rows, runs=RUNS):
        """Every system in turn, then all again: noise that lasts minutes meets all of them."""
        for number in range(runs):
            for row in rows:
                for system in systems if number % 2 == 0 else reversed(systems):
                    self.run(system, row)

    def values(self, system, row, figure):
        return [r[figure] for r in self.rows if r.get("system") == system and r.get("row") == row
                and figure in r and "refused" not in r]

    def median(self, system, row, figure="acknowledged_per_s"):
        """None: there is no run that may be used."""
        values = self.values(system, row, figure)
        return statistics.median(values) if values else None


def finish(child, server):
    """The row; the profile is taken from the first hand-over on."""
    profile = None
    line = ""
    for line in child.stdout:
        if line.startswith("measuring"):
            profile = profile_broker.begin(server)
    stderr = child.stderr.read()
    child.wait()
    profile_broker.end(profile)
    row = json.loads(line) if line.startswith("{") else {}
    if child.returncode != 0:
        row["refused"] = stderr.strip() or f"status {child.returncode}"
    return row


def show(row, r):
    print("%-17s %-27s %7.0f/s  confirmed %.2f/%.2f ms  durable %.2f/%.2f ms  cpu %.2f s/10k  "
          "rss %.0f MiB  %s" % (
              r["system"], row.title(), r.get("acknowledged_per_s", 0), r.get("confirmed_ms_p50", 0),
              r.get("confirmed_ms_p99", 0), r.get("durable_ms_p50", 0), r.get("durable_ms_p99", 0),
              r.get("broker_cpu_s_per_10000", 0), r.get("broker_rss_mib", 0),
              r.get("refused", "")), file=sys.stderr, flush=True)
