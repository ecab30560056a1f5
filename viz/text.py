"""How numbers and names are written in a picture, and how wide they are."""

import math
import unicodedata

# Advance widths of DejaVu Sans and its bold, in thousandths of the font size, for the characters from space to "~".
# It is the widest of the common sans-serif faces, so text that fits in it fits in its replacements as well.
# fmt: off
_ASCII = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636,
    636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632,
    575, 775, 752, 295, 295, 656, 557, 863, 748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685,
    611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579,
    278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
)
_BOLD_ASCII = (
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696, 696, 696,
    696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684, 684, 821, 837, 373,
    373, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771, 725, 726, 458, 366, 458, 838,
    500, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666, 343, 1042, 712, 688, 716, 716, 494, 596,
    479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
)
# fmt: on
# and of what else is written in pictures often
# fmt: off
_SIGNS = {
    "−": (838, 838), "×": (838, 838), "÷": (838, 838), "∇": (669, 697), "Σ": (632, 684),
    "√": (638, 667), "·": (318, 380), "∞": (834, 834), "²": (401, 438), "³": (401, 438),
    "≈": (838, 838), "←": (838, 838), "→": (838, 838), "∂": (518, 544), "‖": (500, 500),
    "–": (500, 500), "σ": (634, 779), "…": (1000, 1000),
}
# fmt: on
_BOLD = 1.165  # of other characters, how many times as wide they are in bold
_ELLIPSIS = "…"


def number(x: float, digits: int = 4) -> str:
    """A float written with at most ``digits`` significant digits, as short as it can be read.

    Args:
        x: any float. The minus is a true one (U+2212); infinities are "∞" and "−∞".
        digits: significant digits, at least 1.

    >>> number(6.0), number(-2.5), number(1e-300), number(0.000123456), number(float("-inf"))
    ('6', '−2.5', '1e−300', '1.235e−4', '−∞')
    """
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "−∞"
    text = f"{x + 0.0:.{digits}g}"  # there is no minus zero to the eye
    if x != 0 and (abs(x) < 1e-3 or "e" in text):
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", "−")


def point_parts(text: str) -> tuple[str, str]:
    """A number's text before its decimal point, and from there on; numbers are aligned there.

    >>> point_parts("−1.37"), point_parts("12"), point_parts("1.2e−5")
    (('−1', '.37'), ('12', ''), ('1.2e−5', ''))
    """
    if "e" in text or "." not in text:
        return text, ""
    before, _, after = text.partition(".")
    return before, "." + after


def clean(text: str) -> str:
    """The text without what can't be drawn: control characters, lone surrogates, bidirectional overrides.

    White space of any kind becomes one space, so that a label is one line.

    >>> clean("a\\n\\tb\\x00c")
    'a bc'
    """
    spaced = "".join(" " if c.isspace() else c for c in text)
    # Cc control, Cs surrogate, Co private use, Cn unassigned; of the format characters (Cf) only the joiner that
    # emoji are made of is harmless: the others can turn the text around them.
    kept = (c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Cf") or c == "\u200d")
    return " ".join("".join(kept).split())


def _advance(character: str, bold: bool) -> float:
    code = ord(character)
    if 32 <= code < 127:
        return (_BOLD_ASCII if bold else _ASCII)[code - 32] / 1000
    if character in _SIGNS:
        return _SIGNS[character][bold] / 1000
    if unicodedata.combining(character) or character in "\u200d\ufe0f":
        return 0.0
    if unicodedata.east_asian_width(character) in "WF" or code > 0xFFFF:
        return 1.4
    return (1.18 if 0x400 <= code < 0x530 else 1.0 if code >= 0x2000 else 0.94) * (_BOLD if bold else 1.0)


def width(text: str, size: float, *, bold: bool = False) -> float:
    """A width in pixels that ``text`` doesn't exceed in a font of ``size`` pixels.

    >>> width("ii", 10.0) < width("WW", 10.0)
    True
    """
    return sum(_advance(character, bold) for character in text) * size


def shorten(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Cut ``text`` with an ellipsis so that it is at most ``room`` pixels wide.

    >>> shorten("a very long label", 60.0, 12.0)
    'a very l…'
    """
    if len(text) <= 4_000 and width(text, size, bold=bold) <= room:
        return text
    room -= width(_ELLIPSIS, size, bold=bold)
    end = 0
    used = 0.0
    for end, character in enumerate(text):  # noqa: B007 (the position where it stopped is the result)
        used += width(character, size, bold=bold)
        if used > room:
            break
    return text[:end].rstrip() + _ELLIPSIS


def wrap(text: str, room: float, size: float) -> list[str]:
    """Break ``text`` at spaces into lines of at most ``room`` pixels; a word that is too long is shortened.

    >>> wrap("one two three", 60.0, 12.0)
    ['one two', 'three']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(shorten(word, room, size))
    return lines


def shorten_middle(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Cut ``text`` in its middle, where labels that are alike often are the same.

    >>> shorten_middle("encoder.layers.11.attention.query", 120.0, 12.0)
    'encoder.…on.query'
    """
    if len(text) <= 4_000 and width(text, size, bold=bold) <= room:
        return text
    half = (room - width(_ELLIPSIS, size, bold=bold)) / 2
    return _fitting(text, half, size, bold).rstrip() + _ELLIPSIS + _fitting(text[::-1], half, size, bold)[::-1].lstrip()


def brief(name: str) -> str:
    """A name in a sentence: what is longer than a line is cut in its middle.

    >>> brief("loss"), len(brief("x" * 10_000)) < 100
    ('loss', True)
    """
    return shorten_middle(clean(name), 600.0, 12.0)


def _fitting(text: str, room: float, size: float, bold: bool) -> str:
    for end, character in enumerate(text):
        room -= width(character, size, bold=bold)
        if room < 0:
            return text[:end]
    return text
