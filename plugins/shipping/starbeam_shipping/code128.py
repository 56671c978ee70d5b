"""Bar codes in Code 128, code set B: every printable letter of ASCII. Widths of bars and gaps, in modules."""

from __future__ import annotations

_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232"
)
"""Of the symbols 0 to 105, as ISO 15417 has them: bar, gap, bar, gap, bar, gap."""
_SYMBOLS = _WIDTHS.split()
_STOP = "2331112"
_START_B = 104
QUIET = 10
"""Modules that stay white on each side, for scanners."""


def bars(text: str) -> tuple[list[tuple[int, int]], int] | None:
    """Start and width of each bar, and the width of all with quiet zones; None for what cannot be encoded."""
    if not text or not all(" " <= letter <= "~" for letter in text):
        return None
    symbols = [ord(letter) - 32 for letter in text]
    check = (_START_B + sum(place * symbol for place, symbol in enumerate(symbols, 1))) % 103
    widths = "".join(_SYMBOLS[one] for one in (_START_B, *symbols, check)) + _STOP
    found, at = [], QUIET
    for place, width in enumerate(map(int, widths)):
        if place % 2 == 0:
            found.append((at, width))
        at += width
    return found, at + QUIET
