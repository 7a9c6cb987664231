"""Receivers of webhooks as processes of their own, for tests that start, fail and kill them."""
import base64
import json
import os
import signal
import subprocess

from world import wait

PYTHON = os.path.join(os.path.dirname(os.path.abspath(__file__)), "receiver.py")


class Receiver:
    """Under the world's folder; what it is sent, it checks and notes there."""

    def __init__(self, world, name, program=(PYTHON,)):
        self.program = program
        self.folder = os.path.join(world.folder, name)
        os.makedirs(self.folder)
        self.secret = "whsec_" + base64.b64encode(os.urandom(32)).decode()
        self.write("secret", self.secret)
        self.write("notes", "")
        self.process, self.port = None, 0
        self.answers("204")

    def write(self, name, text):
        with open(os.path.join(self.folder, name + ".new"), "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(os.path.join(self.folder, name + ".new"), os.path.join(self.folder, name))

    def answers(self, mode):
        self.write("mode", mode)

    def go(self):
        where = os.path.join(self.folder, "port")
        if os.path.exists(where):
            os.unlink(where)
        self.process = subprocess.Popen([*self.program, self.folder, str(self.port)], stdout=subprocess.DEVNULL)
        wait(lambda: os.path.exists(where), "the receiver")
        with open(where, encoding="ascii") as f:
            self.port = int(f.read())
        return self

    def kill(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def notes(self):
        with open(os.path.join(self.folder, "notes"), encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().split("\n")[:-1]]  # not at U+2028; whole lines only

    def told(self):
        """Titles of registrations that were taken, in their order, repeats dropped by their id."""
        seen, titles = set(), []
        for note in self.notes():
            if note["mode"] in ("204", "lose") and note["id"] not in seen:
                seen.add(note["id"])
                if note["event"]["type"] == "jiaoban.item.register":
                    titles.append(note["event"]["data"]["title"])
        return titles
