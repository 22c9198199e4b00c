#!/usr/bin/env python3
"""Drives the real termchat in a terminal of 120x40 and says what lines and keys cost; run by screen.sh.

usage: screen.py TERMCHAT HOST:PORT [LINES]

The server must take guests, keep LINES entries of a room and not limit sends. CPU is the client's own, of all its
threads, from the scheduler's nanoseconds; bytes are those the client wrote to the terminal; latency is from the write of
a key until the bytes that draw it are read.
"""

import base64
import fcntl
import json
import multiprocessing
import os
import pty
import re
import select
import socket
import struct
import sys
import tempfile
import termios
import time

COLUMNS, ROWS = 120, 40
RATE = 20
WINDOW = 100
SENDERS = ["grace", "linus", "barbara", "ken", "dennis"]
WORDS = (
    "the canary is green so we ship at ten and watch the error rate for a while before the next step "
    "did anyone look into the slow query on the replica it waits for a lock again since the migration ran"
).split()
# No other line has a character of it at the same place, so a picture's difference always holds it whole.
MARK = "{[<|>]}"
# On no line and in no part of the screen that changes.
KEYS = "QZJVXW"
SEQUENCES = re.compile(rb"\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-z]|\x1b.")


class Link:
    """A guest who joined the room and only ever sends; what comes is dropped, the acknowledgements counted."""

    def __init__(self, address, user, room="bench"):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.user, self.room, self.acknowledged, self.rest = user, room, 0, b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(65536)
        self.rest = self.rest.split(b"\r\n\r\n", 1)[1]
        self.socket.sendall(self.frame({"type": "hello", "user": user}))
        self.socket.sendall(self.frame({"type": "join", "room": room, "limit": 0}))
        self.stem, self.count, self.waiting, self.unsent = os.urandom(6).hex(), 0, [], b""
        self.socket.setblocking(False)

    def fileno(self):
        return self.socket.fileno()

    @staticmethod
    def frame(value):
        payload = json.dumps(value).encode()
        length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
        # A mask of zeros leaves the payload as it is.
        return b"\x81" + length + bytes(4) + payload

    def queue(self, body):
        self.count += 1
        self.waiting.append(self.frame(
            {"type": "send", "room": self.room, "key": f"{self.stem}-{self.count}", "body": body}))

    def prepare(self):
        """Takes what the server may have now: more than WINDOW without an answer would fill its queue for us."""
        room = max(0, WINDOW - (self.count - len(self.waiting) - self.acknowledged))
        self.unsent += b"".join(self.waiting[:room])
        del self.waiting[:room]
        return self.unsent

    def drain(self):
        came = self.socket.recv(1 << 20)
        if not came or b'"type":"error"' in came:
            sys.exit(f"screen.py: the server refuses: {came[-300:]!r}")
        data = self.rest + came
        self.acknowledged += data.count(b'"type":"ack"')
        self.rest = data[-11:] if b'"type":"ack"' not in data[-11:] else b""


def body(index, mixed):
    count = 3 + (index * 7) % 15
    words = [WORDS[(index * 5 + step) % len(WORDS)] for step in range(count)]
    if mixed and index % 4 == 0:
        words[1] = ["了解です", "👍", "☕️", "straße"][index // 4 % 4]
    return " ".join(words)


def say(address, count, rate=None, mixed=False, last=None):
    """Sends lines, at full speed where there is no rate, and ends when all are acknowledged."""
    links = [Link(address, user) for user in SENDERS]
    if rate is None:
        for index in range(count):
            links[index % len(links)].queue(body(index, mixed))
    else:
        start = time.monotonic()
        for index in range(count):
            time.sleep(max(0, start + index / rate - time.monotonic()))
            links[index % len(links)].queue(body(index, mixed))
            flush(links)
    flush(links)
    if last:
        links[0].queue(last)
        flush(links)


def flush(links):
    """Sends what is queued, reading meanwhile, until all of it is acknowledged."""
    while busy := [link for link in links if link.acknowledged < link.count]:
        sending = [link for link in busy if link.prepare()]
        readable, writable, _ = select.select(links, sending, [], 30)
        if not readable and not writable:
            sys.exit("screen.py: the server does not answer")
        for link in readable:
            link.drain()
        for link in writable:
            link.unsent = link.unsent[link.socket.send(link.unsent[:65536]):]


def in_background(*arguments, **options):
    process = multiprocessing.get_context("fork").Process(target=say, args=arguments, kwargs=options)
    process.start()
    return process


class Client:
    """termchat in a terminal of its own."""

    def __init__(self, program, address, home):
        self.started = time.monotonic()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            environment = {"HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
            os.execve(program, [program, "chat", "--server", f"ws://{address}", "--user", "ada", "bench"], environment)
        self.written = 0

    def read(self, timeout):
        """What comes within the time, and when; nothing where nothing does."""
        if not select.select([self.terminal], [], [], max(0, timeout))[0]:
            return b""
        data = os.read(self.terminal, 1 << 20)
        self.written += len(data)
        return data

    def settle(self, quiet=0.4):
        """Reads until nothing comes any more."""
        collected = b""
        while data := self.read(quiet):
            collected += data
        return collected

    def wait(self, text, timeout=60):
        """Reads until the terminal was told the text; returns the seconds."""
        start, collected = time.monotonic(), b""
        while time.monotonic() < start + timeout:
            collected = (collected + self.read(0.1))[-(1 << 17):]
            if text.encode() in SEQUENCES.sub(b"", collected):
                return time.monotonic() - start
        sys.exit(f"screen.py: the screen did not show {text!r} in {timeout} s:\n{self.shown()}")

    def press(self, keys):
        os.write(self.terminal, keys.encode())

    def shown(self):
        """The screen as Ctrl-L draws it, without the sequences."""
        self.settle(0.1)
        self.press("\x0c")
        return SEQUENCES.sub(b"", self.settle()).decode(errors="replace")

    def cpu(self):
        """Milliseconds, of threads that ended too."""
        # The process's CPU clock, as clock_getcpuclockid(3) makes its number.
        return time.clock_gettime((~self.pid << 3) | 2) * 1000

    def switches(self):
        """How often each of its threads was put to work."""
        counts = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status") as file:
                counts[task] = int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read(), re.M)[1])
        return counts

    def memory(self, name):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(rf"^{name}:\s+(\d+)", file.read(), re.M)[1]) / 1024

    def type(self, count, rate=RATE, keys=KEYS, until=None):
        """Types keys; returns the milliseconds until each is drawn."""
        latencies, start = [], time.monotonic()
        for index in range(count):
            if until and not until():
                break
            due = start + index / rate
            while time.monotonic() < due:
                self.read(due - time.monotonic())
            key = keys[index % len(keys)]
            pressed, collected = time.monotonic(), b""
            self.press(key)
            while key.encode() not in SEQUENCES.sub(b"", collected):
                data = self.read(5)
                if not data:
                    sys.exit(f"screen.py: the key {key!r} was not drawn in 5 s")
                collected += data
            latencies.append((time.monotonic() - pressed) * 1000)
        return latencies

    def end(self):
        self.press("\x15\x03\x03")
        try:
            while self.read(5):
                pass
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def percentiles(values):
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:.1f} ms, p99 {values[min(len(values) - 1, len(values) * 99 // 100)]:.1f} ms"


def report(name, text):
    print(f"{name:<34} {text}", flush=True)


def measure_lines(client, address, name, mixed=False, count=200):
    client.settle()
    cpu, written = client.cpu(), client.written
    sender = in_background(address, count, RATE, mixed=mixed)
    while sender.is_alive():
        client.read(0.05)
    client.settle()
    report(name, f"{(client.cpu() - cpu) / count:.2f} ms, {(client.written - written) / count:.0f} bytes")


def measure_keys(client, name, count, keys=KEYS, clear="\x15"):
    # Who spoke before is missed a second later, and that is drawn.
    client.settle(2)
    cpu, written = client.cpu(), client.written
    latencies = client.type(count, keys=keys)
    client.settle()
    each = f"{(client.cpu() - cpu) / count:.2f} ms, {(client.written - written) / count:.0f} bytes"
    report(name, f"{each}; {percentiles(latencies)}")
    client.press(clear)
    client.settle()


def measure_idle(client, seconds=10):
    # A question's time limit goes on to wake a thread once, ten seconds later, when the answer has long come.
    client.settle(11)
    cpu, before, written, start = client.cpu(), client.switches(), client.written, time.monotonic()
    while time.monotonic() < start + seconds:
        client.read(start + seconds - time.monotonic())
    wakes = sum(count - before.get(task, 0) for task, count in client.switches().items()) / seconds
    bytes_each = (client.written - written) / seconds
    report("idle, per second", f"{(client.cpu() - cpu) / seconds:.2f} ms, {wakes:.1f} wake-ups, {bytes_each:.0f} bytes")


def measure_flood(client, address, count=10_000):
    cpu, written, start = client.cpu(), client.written, time.monotonic()
    sender = in_background(address, count, last=MARK + " the end")
    latencies = client.type(1000, rate=100, until=sender.is_alive)
    client.settle(0.2)
    seconds = time.monotonic() - start - 0.2
    each = f"{(client.cpu() - cpu) / count:.3f} ms, {(client.written - written) / count:.0f} bytes"
    report(f"{count} lines at full speed", f"{each}; {seconds:.1f} s")
    report("key meanwhile", f"{percentiles(latencies)} ({len(latencies)} keys)")
    if MARK + " the end" not in client.shown():
        sys.exit("screen.py: the last line is not on the screen")
    client.press("\x15")


def load_all(client, count):
    """Goes up page by page until the room's first line is there, and back."""
    start = time.monotonic()
    while True:
        client.press("\x1b[1;3H")
        if MARK in SEQUENCES.sub(b"", client.settle(0.03)).decode(errors="replace"):
            break
        if time.monotonic() > start + 120:
            sys.exit(f"screen.py: the first of {count} lines was not reached:\n{client.shown()}")
    client.press("\x1b[1;3F")
    client.settle()


def main():
    program, address = sys.argv[1:3]
    lines = int(sys.argv[3]) if len(sys.argv) > 3 else 20_000
    say(address, 0, last=MARK + " the first line")
    # What is measured before the rest is loaded belongs to the log, and a full log loads no more.
    say(address, lines - 600, last="the newest line")
    home = tempfile.mkdtemp(prefix="termchat-screen-")

    client = Client(program, address, home)
    client.wait("the newest line")
    report("start to first usable screen", f"{(time.monotonic() - client.started) * 1000:.0f} ms")
    client.settle(1)
    report("memory with 40 lines", f"{client.memory('VmRSS'):.1f} MiB ({client.memory('RssAnon'):.1f} anonymous)")
    measure_lines(client, address, "new line, 200 in the log")
    measure_keys(client, "key, 200 in the log", 90)

    load_all(client, lines)
    report(f"memory with {lines} lines", f"{client.memory('VmRSS'):.1f} MiB ({client.memory('RssAnon'):.1f} anonymous)")
    measure_idle(client)
    measure_lines(client, address, f"new line, {lines} in the log")
    measure_lines(client, address, "the same, with CJK and emoji", mixed=True)
    measure_keys(client, f"key, {lines} in the log", 90)

    client.press("\x13")
    measure_keys(client, "search, nothing found", 20, clear="\x1b")
    client.press("\x13")
    measure_keys(client, "search, much found", 8, keys="the cana", clear="\x1b")
    draft = ("a line of the draft, of some length, and with words in it\n" * 2000)[:64 * 1024 - 300]
    client.press("\x1b[200~")
    for start in range(0, len(draft), 4096):
        client.press(draft[start:start + 4096])
        client.read(0)
    client.press("\x1b[201~")
    client.settle()
    client.press("e")
    client.settle()
    measure_keys(client, "key in a draft of 64 KiB", 60, clear="\x03")
    report("memory after it", f"{client.memory('VmRSS'):.1f} MiB ({client.memory('RssAnon'):.1f} anonymous)")

    measure_flood(client, address)
    report("memory at its peak, then", f"{client.memory('VmHWM'):.1f} MiB, {client.memory('VmRSS'):.1f} MiB")
    report("exit status", str(client.end()))

main()
