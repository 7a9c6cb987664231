"""The faults. Every choice is made by the dice of the round; what is spoilt stays so until it is
healed, or until so much more has been confirmed."""
import collections
import os
import shutil

import proxy
from county import HOUR, protocol_range
from disk import Disks, scribble_behind_commit, spoil_last_commit
from world import wait

RESYNC, REJECTED, IN_SYNC = 5, 6, 4


class Faults:
    def __init__(self, county, load, checker):
        self.county, self.load, self.checker = county, load, checker
        self.done = collections.Counter()
        self.disks = Disks(county)
        self.versions = protocol_range()
        self.table = [
            (6, self.kill), (6, self.cut_at_sync), (4, self.freeze), (2, self.restart),
            (5, self.spoil_link), (3, self.pull_cable if county.network.far else self.spoil_link),
            (3, self.fail_sync), (3, self.fail_write), (3, self.fill_disk),
            (2, self.shrink_disk if self.disks.shrinkable else self.fill_disk),
            (3, self.leak), (2, self.scribble), (1, self.lose_tail), (3, self.jump_clock),
            (2, self.change_version),
        ]

    def one(self, dice):
        weights = [weight for weight, _ in self.table]
        dice.choices([fault for _, fault in self.table], weights)[0](dice)

    def heal(self):
        self.disks.heal()
        self.county.heal()

    # ---- victims ----

    def victim(self, dice):
        """The broker as often as all the agents together; the office more often than others."""
        roll = dice.random()
        if roll < 0.5:
            return self.county.broker
        return self.county.office if roll < 0.6 else dice.choice(self.county.departments)

    def victims(self, dice):
        roll = dice.random()
        if roll < 0.7:
            return [self.victim(dice)]
        if roll < 0.95:
            return dice.sample(self.county.processes, dice.randrange(2, 5))
        return list(self.county.processes)

    def count(self, kind, times=1):
        self.done[kind] += times

    # ---- processes ----

    def kill(self, dice):
        victims, pause = self.victims(dice), dice.choice((0, 0, 5, 15))
        for process in victims:
            process.cut_power()
            process.held = pause > 0
            self.count("kill")
        self.load.advance(pause)
        for process in victims:
            process.held = False

    def cut_at_sync(self, dice):
        """The power goes before, in the middle of, or after one of the next syncs."""
        for process in self.victims(dice):
            process.control.order(die_how=dice.randrange(3), die_in=dice.randrange(1, 12))
            self.count("power cut at a sync")
        self.load.advance(dice.randrange(5, 25))

    def freeze(self, dice):
        victims = self.victims(dice)[:4]
        for process in victims:
            process.freeze()
            self.count("freeze")
        self.load.advance(dice.randrange(2, 20), 1.0)
        if dice.random() < 0.5:
            for process in victims:
                process.thaw()

    def restart(self, dice):
        process = self.victim(dice)
        if process.running() and not process.frozen:
            process.killed = True
            process.stop()
            self.count("orderly restart")

    # ---- links ----

    def spoil_link(self, dice):
        agents = [a for a in self.county.agents if a.link]
        for agent in dice.sample(agents, dice.choice((1, 1, 2, len(agents)))):
            mode, value = dice.choice((
                (proxy.CUT, 0), (proxy.STALL, 0), (proxy.HALF_OPEN, 0), (proxy.DELAY, 0.15),
                (proxy.THROTTLE, 4000), (proxy.LOSSY, dice.randrange(500, 20000))))
            agent.link.set(mode, value)
            self.count(f"link: {mode}")

    def pull_cable(self, _):
        self.county.network.pull()
        self.count("link: partition of a network namespace")

    # ---- disks ----

    def fail_sync(self, dice):
        self.victim(dice).control.order(fail_syncs=dice.randrange(1, 4))
        self.count("failed fsync")

    def fail_write(self, dice):
        self.victim(dice).control.order(fail_writes=dice.randrange(1, 6))
        self.count("failed write")

    def fill_disk(self, dice):
        process = self.victim(dice)
        process.control.order(room=dice.randrange(0, 100000), full=1)
        self.count("disk full (quota)")
        if dice.random() < 0.5:
            self.load.advance(20)
            process.control.order(full=0)

    def shrink_disk(self, dice):
        self.disks.shrink(dice.randrange(0, 64))
        self.count("disk full (tmpfs)")

    def leak(self, dice):
        """Some writes get to the disk before their sync, in another order; then the power goes."""
        process = self.victim(dice)
        process.control.order(leak_every=dice.randrange(2, 6))
        self.load.advance(dice.randrange(5, 20))
        process.cut_power()
        process.control.order(leak_every=0)
        self.count("unordered writes, then a power cut")

    def scribble(self, dice):
        """What lies in the write-ahead log behind the last commit is nobody's business."""
        process = self.victim(dice)
        process.cut_power()
        self.count("garbage at the end of a WAL", scribble_behind_commit(process.data, dice))

    def lose_tail(self, dice):
        """The last commits of an agent's file are damaged. The broker holds them; what it cannot
        give back must be seen, and the replica is made anew."""
        agent = dice.choice(self.county.departments)
        writer = self.load.of(agent)
        self.heal()
        self.load.pause([writer])
        wait(lambda: self.checker.drained(agent), f"{agent.code} to be done", 60)
        self.checker.verdicts_of(writer)
        agent.cut_power()
        agent.held, agent.witness = True, None
        self.count("damaged last commits of a WAL", spoil_last_commit(agent.data, dice))
        agent.held = False
        wait(lambda: self.found_again(agent), f"{agent.code} to be in sync or to say why not", 60)
        if agent.status().line != IN_SYNC:
            self.make_anew(agent)
        agent.witness = self.checker.kept_what_it_signed_for
        writer.idle.clear()
        writer.going.set()

    def found_again(self, agent):
        self.county.tend()
        try:
            return agent.status().line in (IN_SYNC, RESYNC, REJECTED)
        except (OSError, ConnectionError):
            return False

    def make_anew(self, agent):
        """What an administrator does with a replica that cannot be trusted."""
        agent.held = True
        agent.cut_power()
        for entry in os.scandir(agent.data):  # the folder itself may be a mount point
            (shutil.rmtree if entry.is_dir() else os.unlink)(entry.path)
        agent.held = False
        self.checker.forget(agent)
        self.count("replica made anew")
        wait(lambda: self.checker.drained(agent), f"the new replica of {agent.code}", 60)

    # ---- clocks, versions ----

    def jump_clock(self, dice):
        """A broker that is down when its clock is set some days ahead takes them for an outage, and
        has to (clock_gap_max): forward, its clock jumps further than that."""
        process = self.victim(dice)
        forward = (9000,) if process is self.county.broker else (1, 20, 500, 9000)
        hours = dice.choice((-9000, -30, -1, *forward))
        self.county.jump(process, hours * HOUR)
        self.count("clock jump")

    def change_version(self, dice):
        process = self.victim(dice)
        process.protocol = dice.randint(*self.versions)
        if process is self.county.broker:
            process.write_config()
        process.cut_power()
        self.count("restart with another protocol version")
