"""Orders to a process that runs over the power-cut shim: tests/chaos/control.h in Python."""
import mmap
import os
import struct

BUILD = os.environ.get("JB_BUILD") or os.environ.get("BUILD") or "build"
SHIM = os.path.join(os.path.abspath(BUILD), "tests/chaos/powercut.so")
ORDERS = ("skip_sync", "fail_syncs", "fail_writes", "full", "room", "die_in", "die_how", "leak_every")
COUNTERS = ("syncs", "writes", "failed_syncs", "failed_writes", "full_writes", "skipped_syncs")
NUMBER = struct.Struct("=q")


class Control:
    """order(name=value ...); counters are attributes."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(NUMBER.size * (len(ORDERS) + len(COUNTERS))))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)

    def environment(self):
        environment = {"LD_PRELOAD": SHIM, "JB_CHAOS_CONTROL": self.path}
        if "ASAN_OPTIONS" in os.environ:  # the shim comes before a sanitizer's library
            environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"] + ":verify_asan_link_order=0:detect_leaks=0"
        return environment

    def order(self, **orders):
        for name, value in orders.items():
            NUMBER.pack_into(self.map, ORDERS.index(name) * NUMBER.size, value)

    def clear(self):
        """No more faults."""
        self.order(**{name: 0 for name in ORDERS if name != "skip_sync"})

    def ordered(self, name):
        return NUMBER.unpack_from(self.map, ORDERS.index(name) * NUMBER.size)[0]

    def __getattr__(self, name):
        if name not in COUNTERS:
            raise AttributeError(name)
        return NUMBER.unpack_from(self.map, (len(ORDERS) + COUNTERS.index(name)) * NUMBER.size)[0]
