"""Plain text of published words: no markup, no invisible characters, paragraphs and lists on lines of their own."""

import re
import unicodedata

_NEWLINE = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x9f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_GAP = re.compile(r"\s{2,}|[^\S \u00a0\u202f]")  # a no-break space between two words stays: it is typography
_BULLET = re.compile(r"^\s*(?:[•·▪◦●‣\uf0b7](?:\s+|$|(?=\w))|[*–—-](?:\s+|$)|-(?=[^\W\d_])|o\s+(?=[^\W\d_]))")
_NUMBER = re.compile(r"^\s*(\d{1,2})[.)]\s*(?=[^\W\d])")
_ENDS = re.compile(r"[.!?:;…»”\")]\s*$")


def line(text: str) -> str:
    """`text` as one line of NFC text with single spaces; lone surrogates become "?"."""
    return _GAP.sub(" ", _visible(text)).strip()


def paragraphs(text: str) -> str:
    """Text typed into a form, as a section's text: its own line breaks joined where they only wrap a sentence."""
    blocks: list[str] = []
    for chunk in re.split(r"\n\s*\n", _visible(text)):
        kind = ""
        for raw in chunk.split("\n"):
            said, item = _item(raw)
            if not said:
                continue
            if item:
                blocks += ["\n" if kind == "item" else "\n\n", said]
                kind = "item"
            elif kind and _wraps(blocks[-1], said):
                blocks[-1] += " " + said
            else:
                blocks += ["\n\n", said]
                kind = "text"
    return "".join(blocks).strip()


def _visible(text: str) -> str:
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return _INVISIBLE.sub("", _NEWLINE.sub("\n", text))


def _item(raw: str) -> tuple[str, bool]:
    bullet = _BULLET.match(raw)
    if bullet:
        said = line(raw[bullet.end() :])
        return (f"- {said}", True) if said else ("", False)
    number = _NUMBER.match(raw)
    if number:
        return f"{number[1]}. {line(raw[number.end() :])}", True
    return line(raw), False


def _wraps(before: str, after: str) -> bool:
    return not _ENDS.search(before) or after[:1].islower()
