"""What somebody wrote or declared, made fit to keep: valid Unicode (NFC) without control characters, MIME types in form."""

import re
import unicodedata

MOST_CHARACTERS = 2_000
MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")  # RFC 6838, 4.2


def clean(text: str) -> str:
    """`text` without what cannot be stored or shown; lone surrogates become question marks."""
    valid = text.encode("utf-8", "replace").decode()
    kept = "".join(c for c in valid if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip()


def mime_type(declared: str) -> str:
    """The MIME type that was declared, in lower case and without parameters; "" where it is none."""
    found = declared.partition(";")[0].strip().lower()
    return found if MIME_TYPE.fullmatch(found) else ""
