"""What somebody wrote, made fit to keep: valid Unicode (NFC) without control characters."""

import unicodedata

MOST_CHARACTERS = 2_000


def clean(text: str) -> str:
    """`text` without what cannot be stored or shown; lone surrogates become question marks."""
    valid = text.encode("utf-8", "replace").decode()
    kept = "".join(c for c in valid if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip()
