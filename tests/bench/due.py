"""Many deadlines that fall due in the same second."""
import json
import os
import shutil
import subprocess
import tempfile

import servers
from rig import show, tool, write

DEADLINES = int(os.environ.get("DEADLINES", "100000"))


def run(bench, targets):
    folder = tempfile.mkdtemp(prefix="jb-load.")
    server = servers.Jiaoban(folder)
    try:
        clock = write(server.path("clock"), "0 0\n")
        server.options = ["--test-clock", clock]
        server.start()
        out = subprocess.run([tool("tests/bench/due"), server.endpoint, server.path("admin.sock"),
                              server.key, clock, str(DEADLINES)], check=True, capture_output=True,
                             text=True).stdout
        row = json.loads(out)
        bench.keep(row="due", **row)
        show(**row)
        targets.at_most(f"deadlines-{DEADLINES}-streamed", row["seconds"], 10, "s")
        targets.at_most("deadlines-submissions-p99", row["during_p99_ms"] / row["normal_p99_ms"], 5)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
