"""The systems under load: how each server is started, in a private folder on loopback, and ended."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import profile_broker
from rig import BUILD, ROOT, Rig, keygen, tool, wait_until, write

SYNCCOUNT = os.path.join(BUILD, "tests/bench/synccount.so")
NOCURVE = os.path.join(BUILD, "tests/bench/nocurve.so")


def counter(path):
    """A page for synccount.so; servers may run as another user."""
    with open(path, "wb") as page:
        page.write(bytes(4096))
    os.chmod(path, 0o666)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server for one run, with everything of it in `folder`."""
    load = None     # program: tests/bench/load-NAME
    counted = True      # its syncs are seen by the preloaded counter
    may_outrun = False  # its confirmations may come before them: it is not durable, or not always
    user = None     # it refuses to run as root
    mode = ""
    patience_s = 20

    def __init__(self, folder):
        self.folder = folder
        self.process = None
        self.memory = None
        self.port = free_port()
        os.chmod(folder, 0o711)
        self.syncs = counter(self.path("broker.syncs"))
        os.makedirs(self.path("receivers"))
        os.makedirs(self.path("data"))
        if self.other_user():
            shutil.chown(self.path("data"), self.user, self.user)

    def other_user(self):
        return self.user is not None and os.geteuid() == 0

    def as_user(self, *command):
        if not self.other_user():
            return list(command)
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups",
                *command]

    def path(self, name):
        return os.path.join(self.folder, name)

    def environment(self):
        counting = {"LD_PRELOAD": SYNCCOUNT, "JB_BENCH_SYNCS": self.syncs} if self.counted else {}
        return dict(os.environ, **counting)

    def spawn(self, *command, **more):
        with open(self.path("server.log"), "ab") as log:
            self.process = subprocess.Popen(self.as_user(*command), stdout=log, stderr=log,
                                            env=self.environment(), **more)

    def load_environment(self, counter_path):
        """Of the load program, whose own syncs are counted."""
        return dict(os.environ, LD_PRELOAD=SYNCCOUNT, JB_BENCH_SYNCS=counter_path)

    def pid(self):
        return self.process.pid

    def want(self, nodes, senders):
        """Before start: for how many."""

    def arguments(self):
        """What the load program must know."""
        return ["--port", str(self.port), "--mode", self.mode]

    def start(self):
        raise NotImplementedError

    def close(self):
        """With its folders."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def receivers(self, in_memory):
        """The folder of the receivers' files."""
        if not in_memory:
            return self.path("receivers")
        self.memory = tempfile.mkdtemp(prefix="jb-load.", dir="/dev/shm")
        return self.memory

    def wait_port(self):
        end = time.monotonic() + self.patience_s * 3
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.5).close()
                return
            except OSError:
                time.sleep(0.05)
        with open(self.path("server.log"), encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"{type(self).__name__} does not listen: {log.read()[-2000:]}")

    def stop(self):
        if self.memory is not None:
            shutil.rmtree(self.memory, ignore_errors=True)
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=self.patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class Jiaoban(Server):
    """`home`: a folder that stays, for a record that several runs use one after the other."""
    load = "load-jiaoban"
    program = os.environ.get("BROKER") or tool("jiaoband")
    settings = ""
    options = []
    preload = SYNCCOUNT

    def __init__(self, folder, home=None):
        super().__init__(folder)
        self.home = home or folder
        self.key = None

    def at_home(self, name):
        return os.path.join(self.home, name)

    def environment(self):
        return dict(os.environ, LD_PRELOAD=self.preload, JB_BENCH_SYNCS=self.syncs)

    def start(self):
        if self.key is None:
            self.key = keygen("jiaoband", self.at_home("broker.key"))
        conf = write(self.at_home("broker.conf"), (
            f"[broker]\ndata={self.at_home('broker')}\nlisten=tcp://127.0.0.1:{self.port}\n"
            f"key={self.at_home('broker.key')}\nadmin={self.at_home('admin.sock')}\n"
            f"policy={ROOT}/deploy/policy/cn-2022.ini\ncalendar={ROOT}/deploy/calendar/cn.ini\n"
            "log_level=warning\n[line]\nsubmissions_per_minute=0\nbytes_per_minute=0\n"
            "frames_per_minute=0\nwindow_items=65536\nwindow_bytes=64M\npending_max=65536\n"
            f"pending_per_address=65536\n{self.settings}"))
        read_end, write_end = os.pipe()
        command = [self.program, "-c", conf, "--ready-fd", str(write_end), *self.options]
        self.spawn(*profile_broker.wrapped(command, self.folder), pass_fds=[write_end])
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            self.endpoint = pipe.readline().strip()
        if not self.endpoint:
            with open(self.path("server.log"), encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"jiaoband did not become ready: {log.read()[-2000:]}")

    def arguments(self):
        state = ["--state", self.at_home("county")] if self.home != self.folder else []
        return ["--endpoint", self.endpoint, "--admin", self.at_home("admin.sock"), "--mode",
                self.key, *state]


class Unencrypted(Jiaoban):
    """Both ends preloaded so that CURVE carries its messages as they are."""
    preload = f"{SYNCCOUNT} {NOCURVE}"

    def load_environment(self, counter_path):
        return dict(super().load_environment(counter_path), LD_PRELOAD=self.preload)


class JiaobanRegister(Jiaoban):
    """A hand-over is two submissions: the case is registered, then assigned."""

    def arguments(self):
        return [*super().arguments(), "--variant", "register"]


class Agents(Jiaoban):
    """The same with real agents on both sides; `start` makes as many as the run wants."""
    load = "load-agents"

    def want(self, nodes, senders):
        self.names = [f"d{i:04d}" for i in range(nodes)] + [f"office{i}" for i in range(senders)]

    def start(self):
        super().start()
        self.rig = Rig.around(self.folder, self.path("admin.sock"), self.endpoint, self.key)
        for name in self.names:
            self.rig.enrol(name, "office" if name.startswith("office") else "department")
        for name in self.names:
            self.rig.go(name, {"LD_PRELOAD": SYNCCOUNT,
                               "JB_BENCH_SYNCS": counter(self.path(name + ".syncs"))})
        wait_until("agents in sync", 120, lambda: self.rig.behind(self.names) == 0)

    def arguments(self):
        return ["--admin", self.path("admin.sock"), "--mode", self.folder]

    def stop(self):
        if self.process is not None:
            self.rig.end(list(self.rig.running))
        super().stop()


class NoNetwork(Server):
    """What the disk and SQLite allow, in the load program itself."""
    load = "load-bare"
    counted = False
    mode = "rows"

    def start(self):
        pass

    def pid(self):
        return 0


class NoNetworkLog(NoNetwork):
    mode = "log"


class Floor(Server):
    """A bare ROUTER with a store: see floor/broker.c."""
    load = "load-floor"
    store, mode = "rows", "curve"

    def start(self):
        self.spawn(tool("tests/bench/floor-broker"), str(self.port), self.store,
                   self.mode or "plain", self.path("data/store"))
        self.wait_port()


class FloorPlain(Floor):
    mode = ""


class FloorSigned(Floor):
    """With the chains and signatures that a proof of both sides costs at least."""
    mode = "signed"


class FloorLog(Floor):
    store = "log"


class FloorRouter(Floor):
    """Nothing is stored: what the transport alone allows."""
    store, counted = "none", False


class Redis(Server):
    load = "load-redis"
    fsync = "always"

    def start(self):
        self.spawn("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir",
                   self.path("data"), "--appendonly", "yes", "--appendfsync", self.fsync, "--save",
                   "", "--maxclients", "5000")
        self.wait_port()


class RedisEverySecond(Redis):
    fsync, may_outrun = "everysec", True


class Nats(Server):
    """Debian's 2.9.10 has no sync_interval: the files of its store get the attribute S (synchronous
    updates), as on a file system mounted so. Statically linked: no counter."""
    load = "load-nats"
    counted = False
    synchronous = True

    def start(self):
        if self.synchronous:
            subprocess.run(["chattr", "+S", self.path("data")], check=True)
        conf = write(self.path("nats.conf"), (
            f'listen: 127.0.0.1:{self.port}\njetstream {{ store_dir: "{self.path("data")}", '
            "max_mem: 1G, max_file: 20G }\n"))
        self.spawn("nats-server", "-c", conf)
        self.wait_port()
        time.sleep(0.3)  # JetStream comes up after the port


class NatsDefault(Nats):
    synchronous = False


class Rabbit(Server):
    load = "load-rabbitmq"
    user = "rabbitmq"
    mode = "quorum"
    patience_s = 40

    def start(self):
        data, dist, epmd = self.path("data"), free_port(), free_port()
        conf = write(self.path("rabbitmq.conf"), (
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\nvm_memory_high_watermark.relative = 0.5\n"
            "disk_free_limit.absolute = 100MB\n"))
        plugins = write(self.path("enabled_plugins"), "[].\n")
        self.settings = {
            "RABBITMQ_NODENAME": f"bench{self.port}@localhost", "RABBITMQ_MNESIA_BASE": data,
            "RABBITMQ_LOG_BASE": data, "RABBITMQ_CONFIG_FILE": conf, "HOME": data,
            "RABBITMQ_ENABLED_PLUGINS_FILE": plugins, "RABBITMQ_DIST_PORT": str(dist),
            "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-kernel inet_dist_use_interface {127,0,0,1}"}
        self.spawn("/usr/lib/rabbitmq/bin/rabbitmq-server", start_new_session=True)
        self.wait_port()
        time.sleep(2)

    def environment(self):
        return dict(super().environment(), **self.settings)

    def stop(self):
        """With everything that it has started: Erlang's port mapper makes itself a daemon."""
        if self.process is None:
            return
        group = self.process.pid
        os.killpg(group, signal.SIGTERM)
        try:
            self.process.wait(timeout=self.patience_s)
        except subprocess.TimeoutExpired:
            os.killpg(group, signal.SIGKILL)
            self.process.wait()
        subprocess.run(["epmd", "-port", self.settings["ERL_EPMD_PORT"], "-kill"], check=False,
                       capture_output=True)
        self.process = None


class RabbitClassic(Rabbit):
    """Syncs in batches; a few confirmations come before."""
    mode = "classic"
    may_outrun = True


class Postgres(Server):
    load = "load-postgres"
    user = "postgres"
    mode = "batch"
    folder_of_programs = "/usr/lib/postgresql/15/bin/"

    def start(self):
        data = self.path("data/pg")
        subprocess.run(self.as_user(self.folder_of_programs + "initdb", "-D", data, "-A", "trust",
                                    "-U", "postgres", "--no-sync"), check=True, capture_output=True)
        settings = {"listen_addresses": "127.0.0.1", "max_connections": "1200",
                    "shared_buffers": "512MB", "max_wal_size": "4GB", "synchronous_commit": "on",
                    "unix_socket_directories": data}
        self.spawn(self.folder_of_programs + "postgres", "-D", data, "-p", str(self.port),
                   *[word for item in settings.items() for word in ("-c", "%s=%s" % item)])
        self.wait_port()
        time.sleep(0.5)

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # connections are cut
        super().stop()


class PostgresSingle(Postgres):
    mode = "single"


class Mosquitto(Server):
    """Its defaults: what is acknowledged is saved every 30 minutes."""
    load = "load-mqtt"
    user = "mosquitto"
    may_outrun = True
    mode = "1"

    def start(self):
        conf = write(self.path("mosquitto.conf"), (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.path('data')}/\nmax_queued_messages 0\n"
            "max_inflight_messages 1024\nset_tcp_nodelay true\n"))
        self.spawn("/usr/sbin/mosquitto", "-c", conf)
        self.wait_port()
