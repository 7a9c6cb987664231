"""What an attacker on the network can do to a broker's port, each bounded in count and time and over
when it returns. Attackers come from 127.0.0.9, so that the honest are at another address."""
import errno
import os
import socket
import time

from rawcurve import RawCurve, Refused, greeting

ATTACKER = "127.0.0.9"


def connect(port, source=ATTACKER):
    s = socket.socket()
    s.bind((source, 0))
    s.settimeout(5)
    s.connect(("127.0.0.1", port))
    return s


def half_open(port, count, first=b""):
    """Connect, say `first`, say no more; the open sockets. Those that the broker cut count too."""
    held = []
    for _ in range(count):
        try:
            s = connect(port)
            if first:
                s.send(first)
            held.append(s)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise
    return held


def close_all(held):
    for s in held:
        s.close()


def garbage(port, count, size=4096):
    """Connections that send noise; how many the broker ended."""
    ended = 0
    for _ in range(count):
        s = connect(port)
        try:
            s.sendall(os.urandom(1) .replace(b"\xff", b"\xfe") + os.urandom(size - 1))
            while s.recv(4096):
                pass
            ended += 1
        except ConnectionError:
            ended += 1
        finally:
            s.close()
    return ended


def slow_loris(port, count, seconds, pause=0.2):
    """Greetings byte by byte; the sockets that are still open at the end."""
    held = half_open(port, count)
    text, at, end = greeting(), 0, time.monotonic() + seconds
    alive = list(held)
    while time.monotonic() < end and alive:
        for s in list(alive):
            try:
                s.send(text[at % 64:at % 64 + 1])
            except OSError:
                alive.remove(s)
        at += 1
        time.sleep(pause)
    close_all(held)
    return len(alive)


def wrong_keys(port, broker_line_key, count):
    """Whole handshakes with keys that nobody enrolled: (refused by the key check, turned away before)."""
    judged = away = 0
    for _ in range(count):
        try:
            raw = RawCurve(port, broker_line_key, os.urandom(32), ATTACKER)
        except OSError:
            away += 1
            continue
        try:
            raw.handshake()
            raise AssertionError("an unknown key was let in")
        except Refused as error:
            judged += "ERROR" in str(error)
            away += "ERROR" not in str(error)
        except OSError:
            away += 1
        finally:
            raw.close()
    return judged, away


def bad_boxes(port, count):
    """Handshakes whose first box is noise: each costs the broker one failed decryption."""
    for _ in range(count):
        s = connect(port)
        try:
            s.sendall(greeting() + b"\x04\xc8\x05HELLO\x01\x00" + bytes(72) + os.urandom(120))
            while s.recv(4096):
                pass
        except OSError:
            pass
        finally:
            s.close()


def endless_message(port, broker_line_key, secret, part_bytes=512 * 1024, limit=512 << 20, seconds=20):
    """An authenticated node's parts of one message without a last one, until the broker cuts it or
    the limits are reached. (bytes that the broker took, cut)"""
    raw = RawCurve(port, broker_line_key, secret, ATTACKER).handshake()
    raw.socket.settimeout(0.5)
    end = time.monotonic() + seconds
    sent, body = 0, bytes(part_bytes)
    try:
        while sent < limit and time.monotonic() < end:
            data = memoryview(raw.message(body, more=True))
            while data and time.monotonic() < end:
                try:
                    done = raw.socket.send(data)
                    data, sent = data[done:], sent + done
                except TimeoutError:
                    pass
        return sent, False
    except ConnectionError:
        return sent, True
    finally:
        raw.close()
