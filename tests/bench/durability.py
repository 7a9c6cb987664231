"""The check of every run: no confirmation before a sync that began after sending. It must be able
to fail: a broker whose commits do not wait for the disk (the mutant LAZY_SYNC) is refused."""
import os

import servers
from rig import BUILD
from rows import Row

ROW = Row("check", 5, 8, most=400)
LAZY = os.path.join(BUILD, "mutants/LAZY_SYNC/jiaoband")


class Lazy(servers.Jiaoban):
    program = LAZY


class LazyFloor(servers.Floor):
    store = "lazy"


def refused(bench, system, server_class):
    """Run it, and take back what would count as a run that failed."""
    before = len(bench.refused)
    bench.run(system, ROW, server_class)
    new = bench.refused[before:]
    del bench.refused[before:]
    return any("REFUSED" in text for text in new)


def run(bench, targets):
    bench.run("jiaoban", ROW)
    found = [refused(bench, "floor-lazy", LazyFloor)]
    if os.path.exists(LAZY):
        found.append(refused(bench, "jiaoban-lazy", Lazy))
    targets.at_least("durability-check-refuses-lazy-brokers", sum(found), len(found), "of them")
