"""The systems under load: how each server is started, in a private folder on loopback, and ended."""
import os
import shutil
import signal
import subprocess
import time

from rig import BUILD, ROOT, keygen, tool, write

SYNCCOUNT = os.path.join(BUILD, "tests/bench/synccount.so")


def counter(path):
    """A page for synccount.so."""
    with open(path, "wb") as page:
        page.write(bytes(4096))
    return path


class Server:
    """One server for one run, with everything of it in `folder`."""
    load = None     # program: tests/bench/load-NAME
    counted = True  # its syncs are seen by the preloaded counter

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.syncs = counter(os.path.join(folder, "broker.syncs"))
        os.makedirs(os.path.join(folder, "receivers"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self):
        return dict(os.environ, LD_PRELOAD=SYNCCOUNT, JB_BENCH_SYNCS=self.syncs)

    def spawn(self, *command, **more):
        with open(self.path("server.log"), "ab") as log:
            self.process = subprocess.Popen(command, stderr=log, env=self.environment(), **more)

    def pid(self):
        return self.process.pid

    def arguments(self):
        """What the load program must know."""
        return []

    def start(self):
        raise NotImplementedError

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Jiaoban(Server):
    load = "load-jiaoban"
    program = os.environ.get("BROKER") or tool("jiaoband")
    settings = ""

    def start(self):
        self.key = keygen("jiaoband", self.path("broker.key"))
        conf = write(self.path("broker.conf"), (
            f"[broker]\ndata={self.path('broker')}\nlisten=tcp://127.0.0.1:*\n"
            f"key={self.path('broker.key')}\nadmin={self.path('admin.sock')}\n"
            f"policy={ROOT}/deploy/policy/cn-2022.ini\ncalendar={ROOT}/deploy/calendar/cn.ini\n"
            "log_level=warning\n[line]\nsubmissions_per_minute=0\nbytes_per_minute=0\n"
            "frames_per_minute=0\nwindow_items=65536\nwindow_bytes=64M\npending_max=65536\n"
            f"pending_per_address=65536\n{self.settings}"))
        read_end, write_end = os.pipe()
        self.spawn(self.program, "-c", conf, "--ready-fd", str(write_end), pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.endpoint = pipe.readline().strip()
        if not self.endpoint:
            raise RuntimeError(f"jiaoband did not become ready, see {self.path('server.log')}")

    def arguments(self):
        return ["--endpoint", self.endpoint, "--admin", self.path("admin.sock"), "--mode", self.key]


def wait_port(port, seconds=40):
    import socket
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port}")
