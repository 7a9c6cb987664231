"""A network namespace of the run's own, with a second one behind a virtual cable: some agents live
there, and the cable can be pulled. Where the machine does not permit it, all is on loopback."""
import ctypes
import os
import subprocess
import sys
import time

NEAR, FAR = "10.77.0.1", "10.77.0.2"
CLONE_NEWNET = 0x40000000
MARK = "JB_CHAOS_PRIVATE"
LIBC = ctypes.CDLL(None, use_errno=True)


def isolate():
    """Run this program again in a private network and mount namespace, if that is permitted."""
    if MARK in os.environ:
        return
    flags = "-nm" if os.geteuid() == 0 else "-rnm"
    probe = subprocess.run(["unshare", flags, "sh", "-c", "ip link set lo up && "
                            "ip link add jbc0 type veth peer name jbc1"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    private = probe.returncode == 0
    os.environ[MARK] = "yes" if private else "no"
    if private:
        os.execvp("unshare", ["unshare", flags, sys.executable, *sys.argv])


def ip(*words):
    subprocess.run(["ip", *words], check=True, stdin=subprocess.DEVNULL)


class Network:
    def __init__(self):
        self.private = os.environ.get(MARK) == "yes"
        self.far = False
        self.keeper = None
        self.near_address = "127.0.0.1"
        self.near_far_address = NEAR
        if self.private:
            self._lay_cable()

    def _lay_cable(self):
        ip("link", "set", "lo", "up")
        self.keeper = subprocess.Popen(["unshare", "-n", "sleep", "infinity"],
                                       stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        self.space = f"/proc/{self.keeper.pid}/ns/net"
        while os.readlink(self.space) == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        ip("link", "add", "jbc0", "type", "veth", "peer", "name", "jbc1", "netns", str(self.keeper.pid))
        ip("addr", "add", NEAR + "/24", "dev", "jbc0")
        ip("link", "set", "jbc0", "up")
        inside = ["nsenter", "-n" + self.space, "ip"]
        for words in (["link", "set", "lo", "up"], ["addr", "add", FAR + "/24", "dev", "jbc1"],
                      ["link", "set", "jbc1", "up"]):
            subprocess.run([*inside, *words], check=True, stdin=subprocess.DEVNULL)
        self.far = True
        self.near_address = "0.0.0.0"  # of the private namespace: nobody else is there

    def enter(self):
        """In a child that is about to start: live behind the cable."""
        fd = os.open(self.space, os.O_RDONLY)
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)

    def pull(self):
        ip("link", "set", "jbc0", "down")

    def heal(self):
        if self.far:
            ip("link", "set", "jbc0", "up")

    def close(self):
        if self.keeper:
            self.keeper.kill()
            self.keeper.wait()


def _die_with_parent():
    LIBC.prctl(1, 9)
