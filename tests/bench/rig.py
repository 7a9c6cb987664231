"""A broker and real agents for the benches, in one folder on one machine: started, watched, ended."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("BUILD", os.path.join(ROOT, "build"))


def tool(name):
    return os.path.join(BUILD, name)


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def keygen(program, path):
    """The public line of the key in this file, which is made if there is none."""
    task = "--public-key" if os.path.exists(path) else "--keygen"
    return subprocess.run([tool(program), task, path], check=True, capture_output=True,
                          text=True).stdout.strip()


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until(what, seconds, check):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.05)
    sys.exit("timed out: " + what)


def show(**row):
    print(json.dumps(row, ensure_ascii=False), flush=True)


class Pace:
    def __init__(self, socket, rate):
        self.child = subprocess.Popen([tool("tests/bench/pace"), socket, str(rate)], text=True,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        """What acts had to wait since it was made."""
        out, _ = self.child.communicate()
        if self.child.returncode != 0:
            sys.exit("pace: status %d" % self.child.returncode)
        return json.loads(out)


class Rig:
    """One county: a broker, and agents by name. `test_clock`: all live by one simulated clock;
    `settings`: more lines for the broker's section [broker]; `memory`: agents keep their data there
    and not on the disk, as if they were on machines of their own."""

    def __init__(self, prefix, test_clock=False, settings="", memory=False):
        self.folder = tempfile.mkdtemp(prefix=prefix)
        self.agents_folder = tempfile.mkdtemp(prefix=prefix, dir="/dev/shm") if memory else self.folder
        self.admin = self.path("admin.sock")
        self.clock = self.turn_clock(0) if test_clock else None
        self.running, self.names = {}, []
        self.broker_key = keygen("jiaoband", self.path("broker.key"))
        conf = write(self.path("broker.conf"), (
            f"[broker]\ndata={self.path('broker')}\nlisten=tcp://127.0.0.1:*\n"
            f"key={self.path('broker.key')}\nadmin={self.admin}\n"
            f"policy={ROOT}/deploy/policy/cn-2022.ini\ncalendar={ROOT}/deploy/calendar/cn.ini\n"
            f"log_level=warning\n{settings}"))
        self.broker_conf = conf
        self.endpoint = self.start("broker", "jiaoband", conf)
        self.county()

    @classmethod
    def around(cls, folder, admin, endpoint, broker_key, county=True):
        """Around a broker that somebody else has started; with a county government or not."""
        rig = cls.__new__(cls)
        rig.folder, rig.admin, rig.endpoint, rig.broker_key = folder, admin, endpoint, broker_key
        rig.clock, rig.running, rig.names, rig.agents_folder = None, {}, [], folder
        if county:
            rig.county()
        return rig

    def county(self):
        self.cli("--admin", self.admin, "node", "add", "gov", "县人民政府", "--level", "county",
                 "--kind", "government")

    def path(self, name):
        return os.path.join(self.folder, name)

    def turn_clock(self, passed_ms):
        """So much time has gone by; the file is replaced whole."""
        os.replace(write(self.path("clock.part"), f"{passed_ms} 0\n"), self.path("clock"))
        return self.path("clock")

    def start(self, name, program, conf, environment=None):
        """Start and wait until it is ready; what it said. `environment`: more for the program."""
        read_end, write_end = os.pipe()
        args = [tool(program), "-c", conf, "--ready-fd", str(write_end)]
        if self.clock:
            args += ["--test-clock", self.clock]
        with open(self.path(name + ".log"), "a", encoding="utf-8") as log:
            self.running[name] = subprocess.Popen(args, stderr=log, pass_fds=[write_end],
                                                  env=dict(os.environ, **(environment or {})))
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            said = pipe.readline().strip()
        if not said:
            sys.exit(f"{name} did not become ready, see its log in {self.folder}")
        return said

    def enrol(self, name, kind):
        key = keygen("jiaoban-agent", self.path(name + ".key"))
        self.cli("--admin", self.admin, "node", "add", name, "单位" + name, "--level", "county",
                 "--kind", kind, "--parent", "gov", "--keys", key)
        write(self.path(name + ".conf"), (
            f"[agent]\ndata={os.path.join(self.agents_folder, name)}\nkey={self.path(name + '.key')}\n"
            f"socket={self.socket(name)}\nbroker={self.endpoint}\nbroker_key={self.broker_key}\n"
            f"code={name}\nlog_level=warning\n"))
        self.names.append(name)

    def go(self, name, environment=None):
        self.start(name, "jiaoban-agent", self.path(name + ".conf"), environment)

    def socket(self, name):
        return self.path(name + ".sock")

    def pid(self, name):
        return self.running[name].pid

    def cli(self, *args):
        return subprocess.run([tool("jiaoban"), "--json", *args], check=True, capture_output=True,
                              text=True).stdout

    def behind(self, names):
        """How many stream items these nodes have not acknowledged."""
        answer = json.loads(self.cli("--admin", self.admin, "node", "list"))["nodes"]
        nodes = answer.get("nodes", []) if isinstance(answer, dict) else answer
        return sum(int(n.get("stream_number", 0)) - int(n.get("acked_number", 0))
                   for n in nodes if n["code"] in names)

    def handoffs(self, count, window, targets):
        """Register and assign at the office, through the library; what the tool measured."""
        out = subprocess.run([tool("tests/bench/handoffs"), self.socket("office"), str(count),
                              str(window), *targets], capture_output=True, text=True, check=False)
        if out.returncode != 0:
            sys.exit("handoffs: " + out.stderr + out.stdout)
        return json.loads(out.stdout)

    def end(self, names):
        for name in names:
            self.running[name].send_signal(signal.SIGTERM)
        for name in names:
            self.running.pop(name).wait(timeout=30)

    def pace(self, name, rate):
        """Registrations at an even pace until the result is asked for (see pace.c)."""
        return Pace(self.socket(name), rate)

    def close(self):
        self.end(list(reversed(self.running)))
        if self.agents_folder != self.folder:
            shutil.rmtree(self.agents_folder, ignore_errors=True)
        if os.environ.get("KEEP"):
            print("kept: " + self.folder, file=sys.stderr)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
