"""Names of space groups as people write them: those that crystals of proteins can have."""

from __future__ import annotations

import re

_LOWERED = str.maketrans("12345", "₁₂₃₄₅")
_BY_NUMBER = {
    1: "P 1", 3: "P 2", 4: "P 21", 5: "C 2", 16: "P 2 2 2", 17: "P 2 2 21", 18: "P 21 21 2", 19: "P 21 21 21",
    20: "C 2 2 21", 21: "C 2 2 2", 22: "F 2 2 2", 23: "I 2 2 2", 24: "I 21 21 21", 75: "P 4", 76: "P 41",
    77: "P 42", 78: "P 43", 79: "I 4", 80: "I 41", 89: "P 4 2 2", 90: "P 4 21 2", 91: "P 41 2 2",
    92: "P 41 21 2", 93: "P 42 2 2", 94: "P 42 21 2", 95: "P 43 2 2", 96: "P 43 21 2", 97: "I 4 2 2",
    98: "I 41 2 2", 143: "P 3", 144: "P 31", 145: "P 32", 146: "R 3", 149: "P 3 1 2", 150: "P 3 2 1",
    151: "P 31 1 2", 152: "P 31 2 1", 153: "P 32 1 2", 154: "P 32 2 1", 155: "R 3 2", 168: "P 6", 169: "P 61",
    170: "P 65", 171: "P 62", 172: "P 64", 173: "P 63", 177: "P 6 2 2", 178: "P 61 2 2", 179: "P 65 2 2",
    180: "P 62 2 2", 181: "P 64 2 2", 182: "P 63 2 2", 195: "P 2 3", 196: "F 2 3", 197: "I 2 3",
    198: "P 21 3", 199: "I 21 3", 207: "P 4 3 2", 208: "P 42 3 2", 209: "F 4 3 2", 210: "F 41 3 2",
    211: "I 4 3 2", 212: "P 43 3 2", 213: "P 41 3 2", 214: "I 41 3 2",
}  # fmt: skip
_OTHERS = ("P 1 2 1", "P 1 21 1", "C 1 2 1", "I 1 2 1", "I 2", "H 3", "H 3 2")
_BY_NAME = {name.replace(" ", ""): name for name in (*_BY_NUMBER.values(), *_OTHERS)}


def space_group(said: str | None) -> str:
    """`P 2₁ 2₁ 2₁` of a name, with blanks or without, or a number; what is neither stays as it is."""
    text = " ".join((said or "").split())
    number = int(text) if text.isascii() and text.isdecimal() else 0
    name = _BY_NUMBER.get(number) or _BY_NAME.get(text.replace(" ", "")) or text
    return " ".join(_axis(word) for word in name.split())


def _axis(word: str) -> str:
    """`21` is a screw axis: `2₁`."""
    if re.fullmatch("[2346][1-5]", word) and word[1] < word[0]:
        return word[0] + word[1].translate(_LOWERED)
    return word
