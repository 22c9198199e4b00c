"""usage: scene.py BIN RUN-FOLDER IMAGES-FOLDER   (run by scripts/screenshots)

Plays a scene of a few people in one cluster and writes the pictures of it: every one is what a real client shows.
"""

import json
import os
import sys
import time

from PIL import Image

from drawing import DARK, LIGHT, Drawing
from terminals import Edges, Recording, Terminals

BYTES_MAX = {".png": 150_000, ".cast": 200_000, ".gif": 1_000_000}
# A moment in which nothing happens is no longer than this in the recorded session.
PAUSE_MAX = 1.6
# Enough for a bar to be seen.
UPLOAD_BYTES = 1 << 30
ROOMS = ["deploy", "lobby", "swift", "ops"]
PRIVATE = 'notifications = "none"\n'


class Scene:
    def __init__(self, program, edges, terminals, images):
        self.program, self.edges, self.terminals, self.images = program, edges, terminals, images

    def person(self, name, rooms, columns=110, rows=27, settings="", before=None):
        words = [self.program, *rooms, "--server", self.edges.url, "--user", name]
        terminal = self.terminals.open(name, columns, rows, words, PRIVATE + settings, before)
        terminal.shows("❯")
        # tmux tells the program that nobody looks, since nobody is attached.
        terminal.type("\x1b[I")
        return terminal

    def photograph(self, terminal, name, colors=DARK):
        image = Drawing(20, colors).picture(terminal.capture())
        image.quantize(96, dither=Image.Dither.NONE).save(self.path(name + ".png"), optimize=True)

    def path(self, name):
        return os.path.join(self.images, name)

    def play(self):
        self.talk_before()
        recordings = []
        ada = self.person(
            "ada", ROOMS, settings='theme = "dark"\n', before=lambda terminal: recordings.append(Recording(terminal)))
        ada.shows("notes/812")
        self.talk(ada)
        self.upload(ada)
        self.lose_the_cluster(ada)
        recordings[0].stop()
        self.search(ada)
        self.read_help(ada)
        self.wait_on_a_small_terminal(ada)
        self.write_cast(recordings[0])
        self.write_animation(recordings[0])

    def talk_before(self):
        self.grace = self.person("grace", ROOMS)
        self.linus = self.person("linus", ROOMS)
        self.taro = self.person("太郎", ["deploy", "lobby"])
        self.tell(self.grace, "/topic ship it 🚢 canary at ten", "set the topic")
        for person, text in (
            (self.grace, "good morning ☀️ 811 runs since Friday, nothing to report"),
            (self.linus, "morning! the notes are in https://example.org/notes/812"),
            (self.linus, "short: drain is faster, and `gap` is told once"),
            (self.taro, "おはようございます"),
            (self.grace, "who watches the canary today?"),
        ):
            self.tell(person, text, text[:6] + ".*✓")

    def tell(self, person, text, until):
        person.say(text)
        person.shows(until)

    def talk(self, ada):
        time.sleep(1)
        self.grace.say("build 812 is green, shipping at ten")
        ada.shows("shipping at ten")
        time.sleep(0.7)
        self.taro.say("了解です 👍 監視は任せてください")
        ada.shows("了解です")
        ada.type("thanks 太郎 🎉 I watch the error rate", 0.05)
        ada.press("Enter")
        ada.shows("thanks.*✓")
        self.linus.say("`let n = try await edge.drain()` is 0 now: nobody is left behind 👩‍💻")
        ada.shows("left behind")
        time.sleep(0.7)
        for room, text in (("swift", "@ada 6.3 is out"), ("lobby", "coffee ☕ anyone?"), ("lobby", "crème brûlée, too")):
            self.tell(self.linus, f"/join {room}", f"#{room} ❯")
            self.linus.say(text)
        self.linus.say("/join deploy")
        self.grace.type("@ada can you take the canary?", 0.04)
        self.grace.press("Enter")
        ada.shows("take the canary")
        time.sleep(0.7)
        ada.type("@gr", 0.12)
        ada.press("Tab")
        ada.shows("❯ @grace")
        ada.type("on it", 0.07)
        ada.press("Enter")
        ada.shows("on it.*✓")
        self.grace.say("/msg ada the rollback plan is ready, just in case 🤞")
        ada.shows("(●|○) ~?grace +1")
        time.sleep(0.7)
        for text in ("6.3 is out", "rollback plan"):
            ada.press("M-a")
            ada.shows(text)
            time.sleep(0.9)
        ada.press("M-1")
        self.grace.say("/join deploy")

    def upload(self, ada):
        with open(ada.home + "/canary.log", "wb") as file:
            file.truncate(UPLOAD_BYTES)
        ada.type("/upload can", 0.05)
        ada.press("Tab")
        ada.shows("canary.log")
        self.taro.type("canary の")
        time.sleep(0.3)
        ada.press("Enter")
        ada.shows("[3-6][0-9]%")
        self.photograph(ada, "chat")
        ada.shows("▤ canary.log", within=60)
        time.sleep(1)

    def lose_the_cluster(self, ada):
        self.edges.kill()
        ada.shows("connection lost")
        ada.type("canary is at 5 %, error rate flat", 0.04)
        ada.press("Enter")
        ada.shows("1 unsent")
        ada.shows("reconnecting in [2-9]", within=60)
        time.sleep(1)
        self.edges.start()
        ada.shows("canary is at.*✓", within=60)
        time.sleep(1.6)

    def search(self, ada):
        ada.press("C-s")
        ada.type("canary")
        ada.shows("canary at ten")
        # The server's answer comes after that of the log.
        time.sleep(1.5)
        self.photograph(ada, "search")
        ada.press("Escape")
        ada.shows("❯ *\n")
        time.sleep(0.3)

    def read_help(self, ada):
        ada.say("/theme light")
        ada.press("F1")
        ada.shows("WRITING")
        self.photograph(ada, "help", LIGHT)
        ada.press("Escape")
        ada.shows("❯ *\n")
        time.sleep(0.3)
        ada.say("/theme dark")

    def wait_on_a_small_terminal(self, ada):
        ada.resize(60, 12)
        self.tell(self.grace, "@ada how is it going?", "how is it going.*✓")
        ada.shows("going")
        self.edges.kill()
        ada.shows("connection lost")
        for text in ("5 % and flat, going to 50 %", "rollback plan is in the doc"):
            ada.say(text)
        ada.shows("reconnecting in [3-9] s", within=60)
        ada.shows("2 unsent")
        self.photograph(ada, "small")
        self.edges.start()
        ada.shows("rollback plan.*✓", within=60)

    def write_cast(self, recording):
        """asciinema's format, version 2, without the long pauses."""
        header = {"version": 2, "width": recording.columns, "height": recording.rows, "env": {"TERM": "xterm-256color"},
                  "title": "termchat"}
        lines, time_before, clock, rest = [json.dumps(header)], 0.0, 0.0, b""
        for moment, data in recording.bytes:
            clock += min(moment - time_before, PAUSE_MAX)
            time_before = moment
            # A read may end in the middle of a character.
            data = rest + data
            text = data.decode("utf-8", "ignore")
            rest = data[len(text.encode()) :]
            lines.append(json.dumps([round(clock, 3), "o", text], ensure_ascii=False))
        with open(self.path("session.cast"), "w") as file:
            file.write("\n".join(lines) + "\n")

    def write_animation(self, recording):
        drawing = Drawing(13)
        moments = [moment for moment, _ in recording.captures] + [recording.length]
        durations = [round(1000 * min(after - before, PAUSE_MAX)) for before, after in zip(moments, moments[1:])]
        durations[-1] += 2000
        frames = [drawing.picture(capture) for _, capture in recording.captures]
        # One palette for all, of what the fullest of them show.
        samples = frames[:: max(1, len(frames) // 12)]
        montage = Image.new("RGB", (samples[0].width, sum(frame.height for frame in samples)))
        for number, frame in enumerate(samples):
            montage.paste(frame, (0, number * frame.height))
        palette = montage.quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
        frames[0].save(
            self.path("session.gif"), save_all=True, append_images=frames[1:], duration=durations, loop=0, disposal=1,
            optimize=True)


def main():
    binaries, run_folder, images = sys.argv[1:]
    with Terminals() as terminals:
        Scene(binaries + "/termchat", Edges(run_folder), terminals, images).play()
    for name in sorted(os.listdir(images)):
        size, most = os.path.getsize(os.path.join(images, name)), BYTES_MAX.get(os.path.splitext(name)[1])
        if most and size > most:
            raise SystemExit(f"{name} has {size} bytes, more than {most}")


main()
