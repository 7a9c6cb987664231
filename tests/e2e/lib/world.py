"""A broker, agents and Python nodes on loopback, in one private folder, each with its own keys. Ends
only what it started."""
import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.environ.get("JB_ROOT") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("JB_BUILD") or os.environ.get("BUILD") or os.path.join(ROOT, "build")
sys.path.insert(0, os.environ.get("JB_PYTHON") or os.path.join(BUILD, "python"))
sys.path.insert(0, os.path.join(ROOT, "tests", "pynode"))

import crypto  # noqa: E402
import local  # noqa: E402
import pynode  # noqa: E402
from proto.schema import act_pb2  # noqa: E402
from tap import Failure, comment  # noqa: E402

PATIENCE = 40  # seconds until a test gives up; a good run never waits for it
LIBC = ctypes.CDLL(None)


def wait(ready, what, seconds=PATIENCE):
    """Wait for something observable; its value."""
    end = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"waited {seconds} s for {what}")
        time.sleep(0.02)


def _die_with_parent():
    LIBC.prctl(1, signal.SIGKILL)


class Process:
    """A daemon of ours with its log."""

    def __init__(self, name, folder, program):
        self.name, self.folder, self.program = name, folder, program
        self.log = os.path.join(folder, name + ".log")
        self.child = None
        self.killed = False
        self.limits = None  # called in the child before it starts
        self.test_clock = None  # file with a simulated clock
        self.environment = {}  # more than ours

    def start(self, arguments, environment=None, seconds=PATIENCE):
        """Start and wait until it is ready; what it wrote to its ready descriptor."""
        read_end, write_end = os.pipe()
        limits = self.limits
        if self.test_clock:
            arguments = [*arguments, "--test-clock", self.test_clock]

        def prepare():
            _die_with_parent()
            if limits:
                limits()

        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [os.path.join(BUILD, self.program), *arguments, "--ready-fd", str(write_end)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write_end],
                env={**os.environ, **self.environment, **(environment or {})}, preexec_fn=prepare)
        os.close(write_end)
        self.killed = False
        try:
            return self._ready(read_end, seconds)
        finally:
            os.close(read_end)

    def _ready(self, fd, seconds):
        end = time.monotonic() + seconds
        said = b""
        while not said.endswith(b"\n"):
            if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                raise Failure(f"{self.name} was not ready in {seconds} s")
            piece = os.read(fd, 1000)
            if not piece:
                status = self.child.wait(PATIENCE)
                raise Failure(f"{self.name} ended with status {status} before it was ready")
            said += piece
        return said.decode().strip()

    def running(self):
        return self.child is not None and self.child.poll() is None

    def kill(self):
        """Without warning."""
        self.killed = True
        self.child.kill()
        self.child.wait()

    def stop(self, seconds=PATIENCE):
        """SIGTERM; (exit status, seconds that it took)."""
        began = time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        try:
            status = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not end within {seconds} s of SIGTERM") from None
        return status, time.monotonic() - began

    def end(self):
        """At the end of the test: what went wrong, or None."""
        if self.child is None:
            return None
        if self.child.poll() is None:
            try:
                self.stop()
            except Failure as error:
                return str(error)
        status = self.child.returncode
        return f"{self.name} ended with status {status}" if status != 0 and not self.killed else None

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""


class Broker(Process):
    def __init__(self, world, name="broker", policy=True):
        super().__init__(name, world.folder, "jiaoband")
        self.data = os.path.join(world.folder, name)
        os.makedirs(self.data, exist_ok=True)
        self.key = os.path.join(world.folder, name + ".key")
        self.admin = os.path.join(world.folder, name + ".admin")
        self.config = os.path.join(world.folder, name + ".conf")
        self.public = run("jiaoband", "--keygen", self.key, "--suite", world.suite).stdout.strip()
        self.policy = policy
        self.endpoint = "tcp://127.0.0.1:*"
        self.metrics_port = free_port()
        self.options = []
        self.write_config()

    def write_config(self, **changes):
        values = dict(data=self.data, listen=self.endpoint, key=self.key, admin=self.admin)
        if self.policy:
            values["policy"] = os.path.join(ROOT, "deploy/policy/cn-2022.ini")
            values["calendar"] = os.path.join(ROOT, "deploy/calendar/cn.ini")
        values.update(changes)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("[broker]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))
            f.write(f"[metrics]\nlisten = 127.0.0.1:{self.metrics_port}\n")

    def go(self, **options):
        """Start; afterwards the endpoint stays the same for every later start."""
        extra = [word for o in self.options for word in ("-o", o)]
        self.endpoint = self.start(["-c", self.config, *extra], **options)
        self.write_config()
        return self

    def ask(self, kind, /, **fields):
        return local.ask(self.admin, kind, **fields)

    def metrics_text(self):
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def metrics(self):
        """name without "jiaoband_" -> value."""
        pairs = (line.split() for line in self.metrics_text().splitlines() if not line.startswith("#"))
        return {name.removeprefix("jiaoband_"): float(value) for name, value in pairs}

    def log_seq(self):
        return self.ask("status").log_seq

    def verify_offline(self, seconds=PATIENCE):
        """jiaoband --verify while the broker is stopped."""
        return run("jiaoband", "-c", self.config, "--verify", status=None, seconds=seconds)

    def enrol(self, code, keys=None, parent=0, kind=act_pb2.NODE_DEPARTMENT,
              level=act_pb2.LEVEL_COUNTY, name=None):
        """The number of the new node."""
        act = pynode.make_act(enrol_node=dict(code=code, name=name or code, level=level,
                                              node_kind=kind, parent=parent))
        return self.ask("enrol", act=act.SerializeToString(), public_keys=keys or "").node


class Agent(Process):
    def __init__(self, world, code):
        super().__init__(code, world.folder, "jiaoban-agent")
        self.world, self.code = world, code
        self.data = os.path.join(world.folder, code)
        os.makedirs(self.data, exist_ok=True)
        self.key = os.path.join(world.folder, code + ".key")
        self.socket = os.path.join(world.folder, code + ".sock")
        self.config = os.path.join(world.folder, code + ".conf")
        self.public = run("jiaoban-agent", "--keygen", self.key,
                          "--suite", world.suite).stdout.strip()
        self.extra = {}
        self.roles = {}  # role -> list of people

    def go(self):
        values = dict(data=self.data, key=self.key, socket=self.socket, code=self.code,
                      broker=self.world.broker.endpoint, broker_key=self.world.broker.public)
        values.update(self.extra)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("[agent]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))
            if self.roles:
                f.write("[roles]\n" + "".join(f"{k} = {v}\n" for k, v in self.roles.items()))
        self.start(["-c", self.config])
        return self

    def ask(self, kind, **fields):
        return local.ask(self.socket, kind, **fields)

    def submit(self, act, wait_ms=20000, **fields):
        return self.ask("submit", act=act.SerializeToString(), wait_ms=wait_ms, **fields)

    def do(self, act, **fields):
        """Submit and wait; fails unless it is accepted."""
        settled = self.submit(act, **fields)
        if not settled.accepted:
            raise Failure(f"{self.code}: {act.WhichOneof('body')} {settled}")
        return settled

    def case(self, case_no):
        return self.ask("case_file", case_no=case_no, with_timeline=True)

    def status(self):
        return self.ask("status")

    def in_sync(self):
        return self.status().line == 4

    def wait_in_sync(self):
        wait(self.in_sync, f"{self.code} to be in sync")


def run(program, *arguments, status=0, seconds=PATIENCE, **options):
    """Run one of our programs to its end; fails on another exit status (None: any)."""
    done = subprocess.run([os.path.join(BUILD, program), *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                          timeout=seconds, **options)
    if status is not None and done.returncode != status:
        raise Failure(f"{program} {' '.join(arguments)}: status {done.returncode}, wanted {status}\n"
                      f"{done.stdout}{done.stderr}")
    return done


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class World:
    """Make what is needed in setup() of a subclass."""
    suite = os.environ.get("JB_SUITE", "ed25519")  # of the whole network

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="w.")
        self.processes, self.nodes = [], {}
        self.broker = None
        self.setup()

    def setup(self):
        self.start_broker()

    def start_broker(self):
        self.broker = Broker(self)
        self.processes.append(self.broker)
        self.broker.go()

    def county(self):
        """A county without an agent, above all others; its number."""
        self.top = self.broker.enrol("county", kind=act_pb2.NODE_GOVERNMENT, name="某县人民政府")
        return self.top

    def python_node(self, code, connect=True, path=":memory:", **enrolment):
        """Enrol and connect a Python node."""
        keys = crypto.Keys(suite=crypto.suite_of_line(self.broker.public))
        enrolment.setdefault("parent", getattr(self, "top", 0))
        self.broker.enrol(code, keys.public_line(), **enrolment)
        node = pynode.Node(keys, code, self.broker.endpoint, self.broker.public, path)
        self.nodes[code] = node
        if connect:
            node.connect(PATIENCE)
        return node

    def agent(self, code, go=True, roles=None, **enrolment):
        """Enrol and start an agent."""
        agent = Agent(self, code)
        agent.roles = roles or {}
        enrolment.setdefault("parent", getattr(self, "top", 0))
        agent.node = self.broker.enrol(code, agent.public, **enrolment)
        self.processes.append(agent)
        if go:
            agent.go()
            agent.wait_in_sync()
        return agent

    def show_logs(self):
        for process in self.processes:
            lines = process.log_text().splitlines()[-25:]
            if lines:
                comment(f"--- {process.name}\n" + "\n".join(lines))

    def close(self):
        for node in self.nodes.values():
            node.close()
        return [trouble for process in reversed(self.processes) if (trouble := process.end())]

    def remove(self):
        shutil.rmtree(self.folder)
