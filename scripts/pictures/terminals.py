"""People's terminals: sessions of a private tmux server, typed into and looked at from outside."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

SETTINGS = """
set -g default-terminal "tmux-256color"
set -g escape-time 0
set -g status off
set -g prefix None
set -g focus-events on
set -g remain-on-exit on
"""


@dataclass(frozen=True)
class Capture:
    """What a terminal shows: its rows as text with SGR sequences, and where the cursor is (None: hidden)."""

    rows: tuple
    columns: int
    cursor: tuple


class Terminals:
    """The tmux server, gone with everything in it at the end of a `with`."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="termchat-pictures.", dir="/tmp")
        self.settings = self.folder + "/tmux.conf"
        with open(self.settings, "w") as file:
            file.write(SETTINGS)
        return self

    def __exit__(self, *_):
        subprocess.run(self.words("kill-server"), capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def words(self, *words):
        return ["tmux", "-u", "-S", self.folder + "/tmux", "-f", self.settings, *words]

    def tmux(self, *words):
        return subprocess.run(self.words(*words), check=True, capture_output=True, text=True).stdout

    def open(self, name, columns, rows, command, settings="", before=None):
        """Runs the words of a command for a person with a home of their own, and config.toml with those settings.

        before: called with the terminal when it is there and nothing runs in it yet."""
        home = f"{self.folder}/{name}"
        os.makedirs(home + "/.config/termchat")
        with open(home + "/.config/termchat/config.toml", "w") as file:
            file.write(settings)
        gate = home + "/.gate"
        os.mkfifo(gate)
        environment = {"HOME": home, "COLORTERM": "truecolor", "LANG": "C.UTF-8", "TZ": "UTC", "PS1": "$ "}
        self.tmux(
            "new-session", "-d", "-s", name, "-x", str(columns), "-y", str(rows), "-c", home,
            "env", "-u", "XDG_CONFIG_HOME", "-u", "XDG_STATE_HOME", *(f"{key}={value}" for key, value in environment.items()),
            "sh", "-c", 'read _ <"$1"; shift; exec "$@"', "sh", gate, *command,
        )
        terminal = Terminal(self, name, columns, rows, home)
        if before:
            before(terminal)
        with open(gate, "w") as file:
            file.write("\n")
        return terminal


class Terminal:
    def __init__(self, server, name, columns, rows, home):
        self.server, self.name, self.columns, self.rows, self.home = server, name, columns, rows, home

    def type(self, text, seconds=0.0):
        """Key by key where it shall look like typing."""
        for part in text if seconds else [text]:
            self.server.tmux("send-keys", "-t", self.name, "-l", "--", part)
            time.sleep(seconds)

    def press(self, *keys):
        self.server.tmux("send-keys", "-t", self.name, *keys)

    def say(self, text, seconds=0.0):
        self.type(text, seconds)
        self.press("Enter")

    def resize(self, columns, rows):
        self.server.tmux("resize-window", "-t", self.name, "-x", str(columns), "-y", str(rows))
        self.columns, self.rows = columns, rows

    def text(self):
        return self.server.tmux("capture-pane", "-p", "-t", self.name)

    def shows(self, pattern, within=20):
        """Waits until the screen matches; the match."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.text()):
                return found
            time.sleep(0.03)
        raise SystemExit(f"{self.name} does not see {pattern!r}:\n{self.text()}")

    def capture(self):
        rows = self.server.tmux("capture-pane", "-p", "-e", "-N", "-t", self.name).split("\n")[:-1]
        x, y, visible = self.server.tmux(
            "display-message", "-p", "-t", self.name, "#{cursor_x} #{cursor_y} #{cursor_flag}"
        ).split()
        return Capture(tuple(rows), self.columns, (int(x), int(y)) if visible == "1" else None)


class Recording:
    """Of a terminal: every byte that its program writes, and what it showed, each with the seconds since the start."""

    # Between two looks at the screen.
    interval = 0.08

    def __init__(self, terminal, looks=True):
        self.terminal = terminal
        self.columns, self.rows = terminal.columns, terminal.rows
        self.bytes, self.captures = [], []
        self.start = time.monotonic()
        self.done = threading.Event()
        pipe = terminal.home + "/.bytes"
        os.mkfifo(pipe)
        terminal.server.tmux("pipe-pane", "-O", "-t", terminal.name, f"exec cat >'{pipe}'")
        self.threads = [threading.Thread(target=self.read, args=(pipe,), daemon=True)]
        if looks:
            self.threads.append(threading.Thread(target=self.look, daemon=True))
        for thread in self.threads:
            thread.start()

    def now(self):
        return time.monotonic() - self.start

    def read(self, path):
        with open(path, "rb", buffering=0) as pipe:
            while data := pipe.read(65536):
                self.bytes.append((self.now(), data))

    def look(self):
        while not self.done.wait(self.interval):
            capture = self.terminal.capture()
            if not self.captures or self.captures[-1][1] != capture:
                self.captures.append((self.now(), capture))

    def stop(self):
        self.length = self.now()
        self.done.set()
        self.terminal.server.tmux("pipe-pane", "-t", self.terminal.name)
        for thread in self.threads:
            thread.join()


class Edges:
    """The edges of the cluster that scripts/run started, to be killed and started again."""

    def __init__(self, run_folder):
        self.folder = run_folder
        with open(run_folder + "/state") as file:
            self.state = dict(line.rstrip("\n").split("=", 1) for line in file)
        self.commands = {}

    @property
    def url(self):
        return self.state["url"]

    def kill(self):
        for n in ("1", "2"):
            pid = int(self.state[f"edge{n}_pid"])
            with open(f"/proc/{pid}/cmdline") as file:
                words = file.read().split("\0")[:-1]
            # The same ports as before: HAProxy knows no others.
            for flag, key in (("--listen", f"edge{n}"), ("--admin", f"admin{n}")):
                words[words.index(flag) + 1] = self.state[key]
            self.commands[n] = words
            os.kill(pid, signal.SIGKILL)

    def start(self):
        """Adds them to what `scripts/run --stop` ends."""
        for n, words in self.commands.items():
            with open(f"{self.folder}/edge{n}.log", "ab") as log:
                process = subprocess.Popen(
                    words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            with open(f"/proc/{process.pid}/stat") as file:
                ticks = file.read().rpartition(")")[2].split()[19]
            self.state[f"edge{n}_pid"] = str(process.pid)
            with open(self.folder + "/processes", "a") as file:
                file.write(f"edge{n} {process.pid} {ticks}\n")
