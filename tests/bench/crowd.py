"""Many connected agents: memory and CPU of the broker while they are idle, and what it takes until
all are back after it was killed."""
import os
import resource
import select
import shutil
import subprocess
import tempfile
import time

import servers
from rig import cpu_seconds, resident_kib, show, tool

AGENTS = int(os.environ.get("AGENTS", "10000"))
IDLE_S = float(os.environ.get("IDLE_S", "30"))
EACH = 500             # agents of one load program, eight descriptors each
BROKER_EACH = 3        # descriptors of the broker for one agent
OTHER_DESCRIPTORS = 300


def possible():
    """The hard limit of descriptors may allow fewer; root may raise it. Whoever is started from here
    on may use all of it."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = AGENTS * BROKER_EACH + OTHER_DESCRIPTORS
    if limit < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            limit = wanted
        except (ValueError, OSError):
            pass
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    return min(AGENTS, (limit - OTHER_DESCRIPTORS) // BROKER_EACH)


class Crowd:
    def __init__(self, server, count):
        self.server, self.count, self.children = server, count, []
        self.arguments = [server.endpoint, server.at_home("admin.sock"), server.key,
                          server.path("county")]

    def enrol(self):
        subprocess.run([tool("tests/bench/crowd"), "enrol", *self.arguments, str(self.count)],
                       check=True)
        subprocess.run([tool("tests/bench/crowd"), "look", *self.arguments,
                        self.server.at_home("broker/broker.db")], check=True)

    def connect(self):
        for first in range(0, self.count, EACH):
            self.children.append(subprocess.Popen(
                [tool("tests/bench/crowd"), "hold", *self.arguments, str(first),
                 str(min(EACH, self.count - first))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        self.expect("ready")

    def expect(self, *words):
        """The seconds that the last of these took, of the slowest child."""
        slowest = 0.0
        for child in self.children:
            for word in words:
                line = child.stdout.readline()
                if not line.startswith(word):
                    raise RuntimeError(f"crowd said {line!r}, expected {word}")
            slowest = max(slowest, float(line.split()[1]))
        return slowest

    def unmoved(self):
        """Nobody has lost the broker since they were expected last."""
        said = select.select([child.stdout for child in self.children], [], [], 0)[0]
        if said:
            raise RuntimeError(f"an idle agent lost the broker: {[s.readline() for s in said]}")

    def submit(self):
        for child in self.children:
            child.stdin.write("submit\n")
            child.stdin.flush()
        self.expect("settled")

    def end(self):
        for child in self.children:
            child.stdin.close()
            child.wait()


def run(bench, targets):
    count = possible()
    folder = tempfile.mkdtemp(prefix="jb-load.")
    server = servers.Jiaoban(folder)
    crowd = None
    try:
        server.start()
        crowd = Crowd(server, count)
        began = time.monotonic()
        crowd.enrol()
        enrolled_s = time.monotonic() - began
        server.stop()
        server.start()  # as it is after a night, not after all the enrolments
        before = resident_kib(server.pid())
        crowd.connect()
        time.sleep(5)
        each_kib = (resident_kib(server.pid()) - before) / count
        cpu = cpu_seconds(server.pid())
        time.sleep(IDLE_S)
        share = (cpu_seconds(server.pid()) - cpu) / IDLE_S
        crowd.unmoved()
        server.process.kill()
        server.process.wait()
        server.start()
        began = time.monotonic()
        storm_s = crowd.expect("lost", "ready")  # from the kill on
        crowd.submit()
        settled_s = time.monotonic() - began
        time.sleep(5)
        after_kib = (resident_kib(server.pid()) - before) / count
        row = {"agents": count, "enrolled_s": round(enrolled_s, 1), "each_kib": round(each_kib, 1),
               "cpu_share": round(share, 4), "storm_s": round(storm_s, 2),
               "all_settled_s": round(settled_s, 2), "each_after_kib": round(after_kib, 1)}
        bench.keep(row="crowd", **row)
        show(**row)
        if count < AGENTS:
            print(f"of {AGENTS} agents {count} were connected: the broker needs {BROKER_EACH} "
                  "descriptors for each, and the hard limit here allows no more", flush=True)
        targets.at_most(f"idle-rss-per-agent-of-{count}", each_kib, 40, "KiB")
        targets.at_most(f"idle-cpu-of-{count}", share * 100, 2, "%")
        targets.at_most(f"storm-of-{count}", storm_s, 30, "s")
        targets.at_least("storm-nothing-lost", count, count, "verdicts")
    finally:
        if crowd is not None:
            crowd.end()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
