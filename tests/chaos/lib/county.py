"""The county of the chaos run: a broker, an office and twenty departments, each a real program over
the power-cut shim, with a clock, a link and a disk of its own that the driver can spoil."""
import os
import re
import signal
import time

from control import Control
from network import Network
from proxy import CUT, PASS, Proxy
from tap import Failure, comment
from world import Agent, Broker, World, run, wait
import pynode
from proto.schema import act_pb2

DEPARTMENTS = int(os.environ.get("JB_DEPARTMENTS", "20"))
FAR = 4  # of them behind a network namespace, where the machine permits
START_AGAIN_SECONDS = 0.3
HOUR = 3600000
START = 1704679200000  # 2024-01-08 10:00 in China; the calendar knows this year and the next two
act = pynode.make_act


class Spoilt:
    """What both kinds of process have: clock, orders to the shim, a supervisor."""

    protocol = None  # protocol_max of its configuration
    next_try = 0.0  # it did not come up: not at once again

    def prepare(self, world):
        self.world = world
        self.control = Control(os.path.join(world.folder, self.name + ".control"))
        self.test_clock = os.path.join(world.folder, self.name + ".time")
        self.step = 0
        self.turn_clock()
        self.held = False  # down on purpose: nobody starts it
        self.frozen = False
        self.missing = 0  # times that it did not come up

    def turn_clock(self, step=None):
        self.step = self.step if step is None else step
        with open(self.test_clock + ".part", "w", encoding="ascii") as f:
            f.write(f"{self.world.passed} {self.step}\n")
        os.replace(self.test_clock + ".part", self.test_clock)

    def start(self, arguments, environment=None, **options):
        environment = {**self.control.environment(), **(environment or {})}
        return super().start(arguments, environment, **options)

    def freeze(self):
        if self.running():
            self.child.send_signal(signal.SIGSTOP)
            self.frozen = True

    def thaw(self):
        if self.frozen and self.running():
            self.child.send_signal(signal.SIGCONT)
        self.frozen = False

    def cut_power(self):
        """kill -9: over the shim, what was not synced is gone."""
        if self.running():
            self.kill()
        self.killed = True
        self.frozen = False

    def up(self):
        """Start, as a supervisor would; False: not possible now."""
        try:
            self.go()
        except Failure:
            self.missing += 1
            return False
        return True


class ChaosBroker(Spoilt, Broker):
    def __init__(self, world):
        super().__init__(world)
        self.prepare(world)
        self.endpoint = f"tcp://{world.network.near_address}:*"
        self.write_config()

    def write_config(self, **changes):
        super().write_config(**changes)
        if self.protocol:
            with open(self.config, "a", encoding="utf-8") as f:
                f.write(f"[line]\nprotocol_max = {self.protocol}\n")

    def address(self):
        host, port = self.endpoint.removeprefix("tcp://").rsplit(":", 1)
        return ("127.0.0.1" if host == "0.0.0.0" else host), int(port)


class ChaosAgent(Spoilt, Agent):
    witness = None  # looks at it after each start, while its line is still cut

    def __init__(self, world, code, far):
        super().__init__(world, code)
        self.prepare(world)
        self.far = far
        self.limits = world.network.enter if far else None
        self.link = None if far else world.proxy.link()

    def go(self):
        if self.protocol:
            self.extra["protocol_max"] = self.protocol
        values = dict(data=self.data, key=self.key, socket=self.socket, code=self.code,
                      broker=self.way(), broker_key=self.world.broker.public, **self.extra)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("[agent]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))
        self.start(["-c", self.config])
        return self

    def up(self):
        """What it had signed for must be there again, before the broker sends anything."""
        if self.link is None or self.witness is None:
            return super().up()
        mode, value = self.link.mode, self.link.value
        self.link.set(CUT)
        try:
            if not super().up():
                return False
            self.witness(self)
        finally:
            self.link.set(mode, value)
        return True

    def way(self):
        if self.link:
            return self.link.endpoint
        return f"tcp://{self.world.network.near_far_address}:{self.world.broker.address()[1]}"


class County(World):
    def __init__(self, network):
        self.network = network
        super().__init__()

    def setup(self):
        self.passed = START - int(time.time() * 1000)
        self.generation = 0  # of all clocks: a token is good for a day
        self.restarted = 0  # processes that ended by themselves, and were started again
        self.broker = ChaosBroker(self)
        self.processes.append(self.broker)
        self.proxy = Proxy(lambda: self.broker.address())
        self.proxy.start()
        self.broker.go()
        self.county()
        self.agents = []
        for number in range(DEPARTMENTS + 1):
            self.agents.append(self.enrolled(number))
        for agent in self.agents:
            agent.go()
        for agent in self.agents:
            agent.wait_in_sync()
        self.office, *self.departments = self.agents
        wait(lambda: len(self.office.ask("nodes").nodes) == len(self.agents) + 1, "the directory")
        self.steady = {agent.code: self.first_case(agent) for agent in self.departments}

    def enrolled(self, number):
        code = f"d{number:02}" if number else "xfj"
        far = self.network.far and number > DEPARTMENTS - FAR
        agent = ChaosAgent(self, code, far)
        kind = act_pb2.NODE_DEPARTMENT if number else act_pb2.NODE_OFFICE
        agent.node = self.broker.enrol(code, agent.public, parent=self.top, kind=kind)
        self.processes.append(agent)
        return agent

    def first_case(self, agent):
        """A case that stays with one department, with its neighbour at its side."""
        beside = self.departments[(self.departments.index(agent) + 1) % len(self.departments)]
        no = self.office.do(act(register=dict(matter=3, channel=1, title=f"{agent.code}的事项"))).case_no
        self.office.do(act(no, assign=dict(node=agent.node, co_handlers=[beside.node])))
        wait(lambda: agent.ask("cases").cases, f"the case at {agent.code}")
        return no

    # ---- time ----

    def now_ms(self):
        return int(time.time() * 1000) + self.passed

    def pass_time(self, ms):
        """For everybody."""
        self.generation += 1
        self.passed += ms
        for process in self.processes:
            process.turn_clock()

    def jump(self, process, ms):
        """Somebody sets one machine's clock wrong."""
        self.generation += 1
        process.turn_clock(ms)

    # ---- a supervisor, as systemd is one ----

    def tend(self):
        """Start again what has ended; count what nobody had asked to end."""
        for process in self.processes:
            if process.held or process.running() or time.monotonic() < process.next_try:
                continue
            if not process.killed and process.child.returncode != -signal.SIGKILL:  # a power cut at a sync
                self.restarted += 1
                comment(f"{process.name} ended with status {process.child.returncode}")
            process.killed = True  # how it ends is what the run provokes
            if not process.up():
                process.next_try = time.monotonic() + START_AGAIN_SECONDS

    def heal(self):
        """Everything that was spoilt is whole again."""
        self.network.heal()
        for agent in self.agents:
            if agent.link:
                agent.link.set(PASS)
        for process in self.processes:
            process.control.clear()
            process.held = False
            process.thaw()
            if process.step:
                self.jump(process, 0)
        wait(self.all_up, "everybody to be up")

    def all_up(self):
        self.tend()
        return all(p.running() for p in self.processes)

    def stop_all(self):
        """In order; what went wrong."""
        return [f"{p.name}: status {status}" for p in reversed(self.processes)
                if (status := p.stop()[0]) != 0]

    def close(self):
        for process in self.processes:
            process.thaw()
        trouble = super().close()
        self.proxy.stop()
        self.network.close()
        return trouble


def protocol_range():
    """(lowest, highest) version that these programs can be told to speak."""
    lines = run("jiaoband", "--print-config").stdout.splitlines()
    above = lines[lines.index(next(x for x in lines if x.startswith("#protocol_max"))) - 1]
    lowest, highest = re.search(r"\((\d+) to (\d+)", above).groups()
    return int(lowest), int(highest)
