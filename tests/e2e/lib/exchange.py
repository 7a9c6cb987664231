"""jiaoban-exchange beside an agent: files, tables, interfaces of other systems."""
import csv
import io
import os
import shutil
import signal
import subprocess
import tempfile
import zipfile
from xml.sax.saxutils import escape

from gateway import Gateway
from proto.schema import act_pb2
from tap import Failure, equal
from world import BUILD, PATIENCE, ROOT, Process, wait

SCOPES = "ask,look,register,send"


class Exchange(Process):
    """One adapter. Its account is made in a gateway's file; no gateway has to run."""

    def __init__(self, world, agent, kind, mapping, name="exchange", account="import"):
        super().__init__(name, world.folder, "jiaoban-exchange")
        self.agent, self.kind, self.account = agent, kind, account
        self.gateway = Gateway(world, agent, name + "-gw")
        self.data = self.made(world, name + ".d")
        self.folder = self.made(world, name + ".inbox")
        self.config = os.path.join(world.folder, name + ".conf")
        self.token = os.path.join(world.folder, name + ".token")
        self.map = os.path.join(world.folder, name + ".map")
        self.options = {"exchange": {"every": "100ms"}, "folder": {"path": self.folder, "settle": "0"}}
        with open(self.map, "w", encoding="utf-8") as f:
            f.write(mapping)
        self.gateway.account(account)
        self.write_token(SCOPES)

    @staticmethod
    def made(world, name):
        path = os.path.join(world.folder, name)
        os.makedirs(path, mode=0o700, exist_ok=True)
        return path

    def write_token(self, scopes, name="t"):
        secret = self.gateway.token(name, self.account, scopes)
        with open(os.open(self.token, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
            f.write(secret + "\n")

    def write_config(self):
        sections = {"exchange": {"kind": self.kind, "data": self.data, "agent": self.agent.socket,
                                 "gateway": self.gateway.data, "token": self.token, "map": self.map,
                                 **self.options["exchange"]},
                    **{k: v for k, v in self.options.items() if k != "exchange"}}
        with open(self.config, "w", encoding="utf-8") as f:
            for section, values in sections.items():
                f.write(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()))

    def once(self, *words, status=0):
        """One look; its counts by name."""
        self.write_config()
        done = subprocess.run([os.path.join(BUILD, "jiaoban-exchange"), "-c", self.config, "--once",
                               *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=10 * PATIENCE)
        self.said = done.stderr
        if status is not None and done.returncode != status:
            raise Failure(f"status {done.returncode}\n{done.stdout}{done.stderr}")
        self.status = done.returncode
        return dict((k, int(v)) for k, v in
                    (part.rsplit(" ", 1) for part in
                     done.stdout.strip().replace(":", ",").replace(";", ",").split(", ")
                     if " " in part))

    def go(self):
        self.write_config()
        self.start(["-c", self.config])
        return self

    def killed_at_every_step(self, prepare, most=1000):
        """Once for each step: prepare(n), die at step n, go on to the end. How many steps there are."""
        for n in range(1, most):
            prepare(n)
            self.once("--test-kill", str(n), status=None)
            if self.status == 0:
                return n - 1
            equal(self.status, -signal.SIGKILL, f"killed at step {n}: {self.said}")
            self.once()
        raise Failure("it never got through")

    def put(self, name, data):
        """A file that is there at once, as a whole."""
        path = os.path.join(self.folder, "." + name)
        with open(path, "wb") as f:
            f.write(data.encode("utf-8") if isinstance(data, str) else data)
        os.rename(path, os.path.join(self.folder, name))

    def histories(self):
        """Of every case: the foreign number, the whole case, the act that registered it, by whom."""
        found = []
        for view in self.agent.ask("cases", person=self.account, limit=500).cases:
            whole = self.agent.ask("case_file", person=self.account, case_no=view.case_no,
                                   with_timeline=True)
            first = [line for line in whole.timeline if line.kind == "register"][0]
            act = act_pb2.Act.FromString(first.act).register
            found.append((act.foreign_number, whole, act, first.user))
        return found

    def listing(self, sub=""):
        path = os.path.join(self.folder, sub)
        return sorted(n for n in os.listdir(path) if os.path.isfile(os.path.join(path, n)))

    def report(self, name, sub="done"):
        """Rows of the last report about a file of that name: lists of cells, without the header."""
        found = [n for n in self.listing(sub) if n.endswith(f"-{name}.report.csv")]
        if not found:
            raise Failure(f"no report about {name}: {self.listing(sub)}")
        with open(os.path.join(self.folder, sub, found[-1]), encoding="utf-8-sig", newline="") as f:
            return list(csv.reader(f))[1:]


class Postgres:
    """A server of its own, which is killed and started again at will. It refuses to run as root."""
    programs = "/usr/lib/postgresql/15/bin/"

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jbpg.")
        self.data = os.path.join(self.folder, "d")
        self.demoted = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.demoted:
            shutil.chown(self.folder, "postgres", "postgres")
        self.child = None
        self._run(self.programs + "initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                  "--no-sync")
        self.start()

    def _run(self, *command):
        done = subprocess.run([*self.demoted, *command], stdin=subprocess.DEVNULL, encoding="utf-8",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder,
                              timeout=10 * PATIENCE)
        if done.returncode != 0:
            raise Failure(f"{command}: {done.stdout}")

    def start(self):
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.child = subprocess.Popen(
                [*self.demoted, self.programs + "postgres", "-D", self.data, "-c", "listen_addresses=",
                 "-c", f"unix_socket_directories={self.folder}", "-c", "shared_buffers=16MB"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        wait(lambda: self.sql("SELECT 1", None) == "1", "the database")

    def _server(self):
        """Its first process; runuser stands before it."""
        with open(os.path.join(self.data, "postmaster.pid"), encoding="ascii") as f:
            return int(f.readline())

    def kill(self):
        """Without warning, also its children, whose connections it cannot end any more."""
        os.kill(self._server(), signal.SIGKILL)
        self.child.wait()
        wait(lambda: self.sql("SELECT 1", None) != "1", "the end of the database")

    def close(self):
        if self.child.poll() is None:
            os.kill(self._server(), signal.SIGINT)
            self.child.wait(PATIENCE)
        shutil.rmtree(self.folder)

    @property
    def dsn(self):
        return f"host={self.folder} user=postgres dbname=postgres"

    def sql(self, text, status=0):
        done = subprocess.run(["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-d", self.dsn],
                              input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", timeout=PATIENCE)
        if status is not None and done.returncode != status:
            raise Failure(f"{text}: {done.stderr}")
        return done.stdout.strip()


def table(rows, encoding="utf-8"):
    """CSV as a spreadsheet writes it."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def example(name):
    with open(os.path.join(ROOT, "deploy/config", name), encoding="utf-8") as f:
        return f.read()


def letters_map():
    return example("exchange-letters.map.example")


def xml(text):
    """Characters that XML cannot hold are written as spreadsheets write them."""
    return "".join(f"_x{ord(c):04X}_" if ord(c) < 32 and c not in "\t\n" else escape(c) for c in text)


def xlsx(rows):
    out = io.BytesIO()
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t xml:space="preserve">{xml(c)}</t></is></c>'
                                      for c in row) + "</row>" for row in rows)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet name="s" sheetId="1" '
                                      'r:id="rId1"/></sheets></workbook>')
        z.writestr("xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="rId1" '
                                                 'Target="worksheets/sheet1.xml"/></Relationships>')
        z.writestr("xl/worksheets/sheet1.xml", f"<worksheet><sheetData>{cells}</sheetData></worksheet>")
    return out.getvalue()
