"""Addresses as people type them into forms, reduced to those that a citizen can follow."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

_BETWEEN = re.compile(r"((?:[\s<>\"“”«»]|[,;](?=\s|https?:|www\d*\.|$))+|(?<=\.html|\.aspx)(?=https?:))")
_STARTS = re.compile(r"https?://|www\d*\.", re.IGNORECASE)
_BARE = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}/\S*|(?:[a-z0-9-]+\.){2,}[a-z]{2,}", re.IGNORECASE)
_JOINS = {"/", "|", "-", "&", "and", "et", "or", "ou"}
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# suffixes that resolve only inside an organisation (RFC 2606, RFC 6762 appendix G), and hosts that are not the public's
_PRIVATE = re.compile(r"local|localhost|internal|intranet|intra|lan|corp|home|private|pri|test|example|invalid")
_INSIDE = re.compile(r"(?:^|[.-])(?:intranet\d*|intra|preview|staging|publiservice)(?:[.-]|$)")
_GLUED = re.compile(r"(?<![/=?&#:])https?://", re.IGNORECASE)


def well_formed(address: str) -> str | None:
    """`address` if it is one absolute http(s) address of a plausible public host, its other characters escaped."""
    if not address or re.search(r"[\s<>\"{}|\\^`\x00-\x1f\x7f]", address) or _GLUED.search(address, 1):
        return None
    try:
        parts = urlsplit(address.encode("utf-8", "strict").decode())
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:  # a port that is no number, brackets that do not close, lone surrogates, labels too long
        return None
    if parts.scheme not in ("http", "https") or parts.username is not None or not _public(host):
        return None
    netloc = host if port is None else f"{host}:{port}"
    escaped = (quote(p, safe="/?:@!$&'()*+,;=-._~%#[]") for p in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, netloc, *escaped))


def first_usable(text: str) -> str | None:
    """The first address in a cell that holds one, several, a title or nothing; https is added where only it is missing.

    An address with a space in its middle is none: its first half leads nowhere.
    """
    words = _BETWEEN.split(text.strip())  # word, what stands between, word …
    if len(words) == 1 and _BARE.fullmatch(text.strip()) and not _STARTS.match(text.strip()):
        return well_formed("https://" + text.strip())
    for at in range(0, len(words), 2):
        word, between, after = (*words[at:], "", "")[:3]
        whole = between.strip() or not after or _STARTS.match(after) or after.lower() in _JOINS
        if not _STARTS.match(word) or not whole:
            continue
        word = word.rstrip(".,;")
        word = word.rstrip(")") if "(" not in word else word
        found = well_formed(word if word.lower().startswith("http") else "https://" + word)
        if found:
            return found
    return None


def _public(host: str) -> bool:
    labels = host.lower().split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_LABEL.fullmatch(x) for x in labels):
        return False
    if not re.fullmatch(r"[a-z]{2,}|xn--[a-z0-9-]+", labels[-1]) or _PRIVATE.fullmatch(labels[-1]):
        return False
    # "www.150.statcan.gc.ca" is a slip for "www150.statcan.gc.ca"; "211.ca" and "www.211.ca" are names
    return not any(x.isdigit() for x in labels[:-2]) and not _INSIDE.search(host.lower())
