"""Draws what a terminal shows, cell by cell, as a picture."""

import functools
import re
from dataclasses import dataclass, replace

import wcwidth
from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/"
MONO = FONTS + "truetype/dejavu/DejaVuSansMono{}.ttf"
CJK = FONTS + "opentype/noto/NotoSansCJK-{}.ttc"
EMOJI = FONTS + "truetype/noto/NotoColorEmoji.ttf"
SYMBOLS = FONTS + "truetype/ancient-scripts/Symbola_hint.ttf"
# The one size that the font's bitmaps have.
EMOJI_SIZE = 109


@dataclass(frozen=True)
class Colors:
    """What the terminal draws with where the program leaves it to it."""

    text: tuple
    ground: tuple
    cursor: tuple
    first: tuple


DARK = Colors(
    (0xD6, 0xD9, 0xE4), (0x1C, 0x1C, 0x22), (0xD6, 0xD9, 0xE4),
    ((0x3A, 0x3D, 0x4A), (0xE7, 0x82, 0x84), (0xA6, 0xD1, 0x89), (0xE5, 0xC8, 0x90), (0x8C, 0xAA, 0xEE), (0xF4, 0xB8, 0xE4),
     (0x81, 0xC8, 0xBE), (0xB5, 0xBF, 0xE2), (0x73, 0x78, 0x92), (0xF2, 0x8B, 0x8C), (0xB6, 0xE1, 0x99), (0xF5, 0xD8, 0xA0),
     (0x9C, 0xBA, 0xFE), (0xFF, 0xC8, 0xF4), (0x91, 0xD8, 0xCE), (0xFF, 0xFF, 0xFF)))
LIGHT = replace(DARK, text=(0x2A, 0x2C, 0x36), ground=(0xFF, 0xFF, 0xFF), cursor=(0x2A, 0x2C, 0x36))


@dataclass(frozen=True)
class Style:
    text: tuple = None
    ground: tuple = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


SEQUENCE = re.compile(r"\x1b\[([0-9;:]*)m|\x1b\][^\x1b\x07]*(?:\x1b\\|\x07)|\x0e|\x0f")
FLAGS = {1: ("bold", True), 2: ("dim", True), 3: ("italic", True), 4: ("underline", True), 7: ("reverse", True),
         23: ("italic", False), 24: ("underline", False), 27: ("reverse", False)}


def indexed(number, colors):
    """A colour of xterm's 256."""
    if number < 16:
        return colors.first[number]
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return steps[number // 36], steps[number // 6 % 6], steps[number % 6]


def restyled(style, parameters, colors):
    codes = [int(code or 0) for code in re.split("[;:]", parameters)]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code == 22:
            style = replace(style, bold=False, dim=False)
        elif code in FLAGS:
            style = replace(style, **dict([FLAGS[code]]))
        elif code in (38, 48):
            kind = codes.pop(0)
            color = tuple(codes[:3]) if kind == 2 else indexed(codes[0], colors)
            del codes[: 3 if kind == 2 else 1]
            style = replace(style, **{"text" if code == 38 else "ground": color})
        elif code in (39, 49):
            style = replace(style, **{"text" if code == 39 else "ground": None})
        else:
            for first, shift, name in ((30, 0, "text"), (40, 0, "ground"), (90, 8, "text"), (100, 8, "ground")):
                if first <= code < first + 8:
                    style = replace(style, **{name: colors.first[code - first + shift]})
    return style


def cells(capture, colors):
    """(column, row, width, cluster, style) of each cluster; a style goes on in the next row."""
    style = Style()
    for y, row in enumerate(capture.rows):
        found = []
        place = 0
        for sequence in [*SEQUENCE.finditer(row), None]:
            for cluster in wcwidth.iter_graphemes(row[place : sequence.start() if sequence else len(row)]):
                found.append((max(wcwidth.wcswidth(cluster), 1), cluster, style))
            if sequence:
                place = sequence.end()
                if sequence.group(1) is not None:
                    style = restyled(style, sequence.group(1), colors)
        x, before = 0, ""
        for width, cluster, style_here in found:
            # tmux takes a sign that is an emoji by its selector alone for one column, and has a blank behind it.
            if not (cluster == " " and before.endswith("\ufe0f") and wcwidth.wcwidth(before[0]) == 1):
                yield x, y, width, cluster, style_here
                x += width
            before = cluster


@functools.cache
def known(path):
    """The characters of a font."""
    return frozenset(TTFont(path, fontNumber=0, lazy=True).getBestCmap())


@functools.cache
def font(path, size):
    return ImageFont.truetype(path, size)


class Drawing:
    """Draws captures with a font of `size` pixels."""

    def __init__(self, size, colors=DARK, margin=None):
        self.size, self.colors = size, colors
        mono = font(MONO.format(""), size)
        self.width = round(mono.getlength("0"))
        self.height = sum(mono.getmetrics())
        self.baseline = mono.getmetrics()[0]
        self.margin = self.width if margin is None else margin

    def picture(self, capture):
        size = (capture.columns * self.width + 2 * self.margin, len(capture.rows) * self.height + 2 * self.margin)
        image = Image.new("RGB", size, self.colors.ground)
        draw = ImageDraw.Draw(image)
        found = list(cells(capture, self.colors))
        for cell in found:
            self.ground(draw, *cell)
        for cell in found:
            self.cluster(image, draw, *cell)
        if capture.cursor:
            x, y = self.place(*capture.cursor)
            draw.rectangle((x, y + 2, x + max(1, self.size // 9), y + self.height - 3), self.colors.cursor)
        return image

    def place(self, x, y):
        return self.margin + x * self.width, self.margin + y * self.height

    def paint(self, style):
        """The colours of text and ground."""
        text, ground = style.text or self.colors.text, style.ground or self.colors.ground
        if style.reverse:
            text, ground = ground, text
        if style.dim:
            text = tuple((2 * one + other) // 3 for one, other in zip(text, ground))
        return text, ground

    def ground(self, draw, x, y, width, cluster, style):
        ground = self.paint(style)[1]
        if ground != self.colors.ground:
            left, top = self.place(x, y)
            draw.rectangle((left, top, left + width * self.width - 1, top + self.height - 1), ground)

    def cluster(self, image, draw, x, y, width, cluster, style):
        text = self.paint(style)[0]
        left, top = self.place(x, y)
        if style.underline:
            bottom = top + self.baseline + 2
            draw.line((left, bottom, left + width * self.width - 1, bottom), text)
        if cluster.isspace():
            return
        scalars = [ord(scalar) for scalar in cluster if scalar not in "\u200d\ufe0f"]
        face = {(True, True): "-BoldOblique", (True, False): "-Bold", (False, True): "-Oblique"}
        mono = MONO.format(face.get((style.bold, style.italic), ""))
        if width == 1 and all(scalar in known(mono) for scalar in scalars):
            draw.text((left, top + self.baseline), cluster, text, font(mono, self.size), anchor="ls")
        elif width == 2 and scalars[0] in known(EMOJI) and scalars[0] > 0x7F or "\ufe0f" in cluster:
            image.paste(*self.emoji(cluster, width, left, top))
        else:
            cjk = CJK.format("Bold" if style.bold else "Regular")
            other = cjk if scalars[0] in known(cjk) else SYMBOLS
            chosen = font(other, round(self.size * 0.98))
            middle = left + width * self.width / 2
            draw.text((middle, top + self.baseline), cluster, text, chosen, anchor="ms")

    def emoji(self, cluster, width, left, top):
        image = self.emoji_image(cluster, width)
        return image, (left + (width * self.width - image.width) // 2, top + (self.height - image.height) // 2), image

    @functools.cache
    def emoji_image(self, cluster, width):
        big = font(EMOJI, EMOJI_SIZE)
        box = big.getbbox(cluster)
        image = Image.new("RGBA", (box[2] - box[0], box[3] - box[1]))
        ImageDraw.Draw(image).text((-box[0], -box[1]), cluster, font=big, embedded_color=True)
        scale = min((width * self.width - 1) / image.width, (self.height - 2) / image.height)
        return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.LANCZOS)
