"""Disks that are full, and write-ahead logs that are damaged (SQLite's format, read here)."""
import glob
import os
import shutil
import struct
import subprocess

from tap import Failure

MEBI = 1 << 20
HEADER, FRAME_HEADER, PAGE = 32, 24, 4096
FRAME = FRAME_HEADER + PAGE


class Disks:
    """One department's folder is a small file system of its own, where mounting is permitted."""

    def __init__(self, county):
        self.agent = county.departments[0]
        self.folder = self.agent.data
        self.shrinkable = county.network.private and self._mount()

    def _mount(self):
        self.agent.held = True
        self.agent.cut_power()
        kept = self.folder + ".kept"
        shutil.copytree(self.folder, kept)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m,mode=700", "jbchaos", self.folder],
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            shutil.copytree(kept, self.folder, dirs_exist_ok=True)
        shutil.rmtree(kept)
        self.agent.held = False
        return done.returncode == 0

    def _size(self, size):
        return subprocess.run(["mount", "-o", f"remount,size={size}", self.folder], stdin=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0

    def shrink(self, pages):
        """Only so many pages are left, and as many more as the agent takes meanwhile."""
        while True:
            now = os.statvfs(self.folder)
            if self._size((now.f_blocks - now.f_bfree + pages) * now.f_frsize):
                return
            pages += 16

    def heal(self):
        if self.shrinkable and not self._size(128 * MEBI):
            raise Failure("the small disk could not be made larger again")

    def close(self):
        if self.shrinkable:
            subprocess.run(["umount", self.folder], check=True, stdin=subprocess.DEVNULL)


def wal_of(folder):
    found = glob.glob(os.path.join(folder, "*-wal"))
    return found[0] if found else None


def commits(path):
    """Where each committed transaction of this log ends, in bytes from its start; [] none."""
    with open(path, "rb") as f:
        data = f.read()
    if len(data) < HEADER:
        return []
    salts, ends, at = data[16:24], [], HEADER
    while at + FRAME <= len(data) and data[at + 8:at + 16] == salts:
        if struct.unpack_from(">I", data, at + 4)[0]:
            ends.append(at + FRAME)
        at += FRAME
    return ends


def scribble_behind_commit(folder, dice):
    """Garbage, some of it with the marks of a frame; how many logs."""
    path = wal_of(folder)
    if path is None:
        return 0
    ends = commits(path)
    with open(path, "r+b") as f:
        salts = f.read(HEADER)[16:24]
        f.seek(ends[-1] if ends else HEADER)
        for _ in range(dice.randrange(1, 4)):
            page = struct.pack(">II", dice.randrange(1, 50), dice.randrange(0, 50)) + salts
            f.write((page + dice.randbytes(FRAME - len(page)))[:FRAME])
        if dice.random() < 0.5:
            f.truncate()
    return 1


def spoil_last_commit(folder, dice):
    """Flip bytes in the last few commits; how many logs."""
    path = wal_of(folder)
    ends = commits(path) if path else []
    if not ends:
        return 0
    first = ends[-min(len(ends), dice.randrange(1, 4))] - FRAME
    with open(path, "r+b") as f:
        f.seek(first + dice.randrange(FRAME_HEADER, FRAME))
        byte = f.read(1)
        f.seek(-1, os.SEEK_CUR)
        f.write(bytes([byte[0] ^ 0x5a]))
    return 1
