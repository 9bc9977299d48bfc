"""Typography: typographic characters in the ones of the GSM-7 alphabet, where that keeps a message in it.

French written well would otherwise cost twice as much for its apostrophes and quotation marks alone.
"""

import unicodedata
from typing import Literal

from channels.sms.segments import ALPHABET, GSM7, encoding

Typography = Literal["exact", "settled", "plain"]
"""`exact` changes nothing. `settled` writes what every typewriter wrote: ' for ’, " for « ». `plain` also leaves out the
accents that GSM-7 has not: "ca" for « ça ». "é", "è", "à", "ù" it has. An answer is written plain where settled it could not
say one sentence."""

SETTLED = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "‑": "-",
        "‐": "-",
        "−": "-",
        "…": "...",
        "•": "-",
        "·": "-",
        "×": "x",
        "→": "->",
        "›": ">",
        "‹": "<",
        "œ": "oe",
        "Œ": "OE",
        "\t": " ",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u200b": "",
        "\u2060": "",
        "\ufeff": "",
    }
)
_SPACES = ("\u00a0", "\u202f", " ", "")  # that stand between guillemets and what they enclose
_QUOTES = (*(f"«{space}" for space in _SPACES), *(f"{space}»" for space in _SPACES))


def gsm(text: str, how: Typography = "settled") -> str:
    """`text` as it is sent: in the GSM-7 alphabet if `how` can bring it there, else as it is."""
    if how == "exact" or encoding(text) is GSM7:
        return text
    changed = unicodedata.normalize("NFC", text)
    for quotation_mark in _QUOTES:
        changed = changed.replace(quotation_mark, '"')
    changed = changed.translate(SETTLED)
    if how == "plain":
        changed = "".join(c if c in ALPHABET else _without_accent(c) for c in changed)
    return changed if encoding(changed) is GSM7 else text


def _without_accent(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))
