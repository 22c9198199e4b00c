#!/usr/bin/env python3
"""What the full screen costs: CPU time of the client and bytes to the terminal, for a new line, a key and a flood.

Usage: Benchmarks/screen.py [BIN]       (default .build/release; about 40 seconds)
Needs: termchat and termchat-edge in BIN (swift build -c release), tmux, Linux.
"""

import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, ROOT + "/scripts/pictures")
sys.dont_write_bytecode = True

from terminals import Recording, Terminals  # noqa: E402

COLUMNS, ROWS = 120, 40
FLOOD, LINES, KEYS = 20_000, 200, 600


class Client:
    """A client on a screen, and what it has cost so far."""

    def __init__(self, terminals, program, url):
        self.program, self.url = program, url
        words = [program, "lobby", "--server", url, "--user", "ann"]
        self.terminal = terminals.open("ann", COLUMNS, ROWS, words, before=self.record)
        self.terminal.shows("❯")
        # tmux tells the program that nobody looks, since nobody is attached.
        self.terminal.type("\x1b[I")
        self.pid = terminals.tmux("display-message", "-p", "-t", "ann", "#{pane_pid}").strip()

    def record(self, terminal):
        self.recording = Recording(terminal, looks=False)

    def cost(self):
        """Seconds of CPU, and bytes."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), sum(len(data) for _, data in self.recording.bytes)

    def memory(self):
        with open(f"/proc/{self.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) / 1024

    def hear(self, count, word, pause=0.0):
        """Lets somebody else say so many lines."""
        words = [self.program, "send", "lobby", "--server", self.url, "--user", "bob"]
        sender = subprocess.Popen(words, stdin=subprocess.PIPE, text=True)
        for number in range(count):
            sender.stdin.write(f"{word} line {number} of a flood that is as long as lines are, more or less\n")
            if pause:
                sender.stdin.flush()
                time.sleep(pause)
        sender.stdin.close()
        sender.wait()
        self.terminal.shows(f"{word} line {count - 1} ", within=60)

    def measure(self, name, count, body):
        (cpu, written), start = self.cost(), time.monotonic()
        body()
        seconds = time.monotonic() - start
        time.sleep(0.5)
        cpu_after, written_after = self.cost()
        print(f"{name:8} {count:7} in {seconds:5.1f} s {1000 * (cpu_after - cpu) / count:8.3f} ms {(written_after - written) / count:8.1f} bytes each"
              f" {self.memory():8.1f} MiB resident")

    def type_keys(self):
        for number in range(KEYS):
            self.terminal.type("abcdefgh "[number % 9])


def main():
    binaries = sys.argv[1] if len(sys.argv) > 1 else ROOT + "/.build/release"
    edge = subprocess.Popen(
        [binaries + "/termchat-edge", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--broker", "memory", "--guests",
         "--sends-per-second", "100000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        found = next(filter(None, (re.match(r"listening on (\S+)", line) for line in edge.stdout)))
        with Terminals() as terminals:
            client = Client(terminals, os.path.abspath(binaries + "/termchat"), "ws://" + found.group(1))
            print(f"{COLUMNS}x{ROWS}, {client.memory():.1f} MiB resident before the first line")
            client.measure("flood", FLOOD, lambda: client.hear(FLOOD, "first"))
            client.measure("line", LINES, lambda: client.hear(LINES, "then", pause=0.05))
            client.measure("key", KEYS, client.type_keys)
    finally:
        edge.terminate()
        edge.wait()


main()
