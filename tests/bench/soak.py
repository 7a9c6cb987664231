"""Ordinary casework for half an hour: does it stay as fast, and the broker as small?"""
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import record
import servers
from rig import resident_kib, show, tool

SOAK_S = float(os.environ.get("SOAK_S", "1800"))


def run(bench, targets):
    folder = tempfile.mkdtemp(prefix="jb-load.")
    server = servers.Jiaoban(folder)
    lines = []
    try:
        server.start()
        child = subprocess.Popen(
            [tool("tests/bench/grow"), server.endpoint, server.path("admin.sock"), server.key,
             server.path("county"), record.record_of(server), "1000000000"],
            stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + SOAK_S
        for line in child.stdout:
            lines.append(dict(json.loads(line), broker_rss_kib=resident_kib(server.pid()),
                              wal_bytes=size(record.record_of(server) + "-wal")))
            bench.keep(row="soak", **lines[-1])
            if time.monotonic() > end:
                break
        child.terminate()
        child.wait()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sixth = max(1, len(lines) // 6)
    first, last = lines[sixth // 5:sixth], lines[-sixth:]
    speed = [statistics.median(r["entries_per_s"] for r in part) for part in (first, last)]
    row = {"seconds": SOAK_S, "entries": lines[-1]["entries"], "first_per_s": speed[0],
           "last_per_s": speed[1], "rss_kib_first": first[-1]["broker_rss_kib"],
           "rss_kib_last": last[-1]["broker_rss_kib"],
           "wal_bytes_most": max(r["wal_bytes"] for r in lines)}
    show(**row)
    bench.keep(row="soak-end", **row)
    targets.at_least("soak-last-to-first", speed[1] / speed[0], 0.85)


def size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0
