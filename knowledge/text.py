"""Text, as people and publishers write it, made comparable: cleaned, folded, cut into sentences, reduced to terms."""

import itertools
import re
import threading
import unicodedata
from functools import cache, lru_cache

from knowledge.reviewed import reviewed

_ABOUT = reviewed("languages")
LANGUAGES = tuple(_ABOUT)
STOP = {code: frozenset(about["stop"].split()) for code, about in _ABOUT.items()}
COMMON = {code: frozenset(about["common"].split()) for code, about in _ABOUT.items()}
_SHORTHAND = {code: {str(k): str(v) for k, v in about["shorthand"].items()} for code, about in _ABOUT.items()}
_ABBREVIATIONS = frozenset(word for about in _ABOUT.values() for word in about["abbreviations"].split())

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_GROUPED = re.compile(r"(?<=\d)[ \u00a0\u202f,](?=\d{3}(?!\d))")
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "ʼ": "'", "`": "'", "ß": "ss"})
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)'", re.IGNORECASE)
_POSSESSIVE = re.compile(r"'s\b", re.IGNORECASE)


def clean(text: str) -> str:
    """One line of NFC text: no control or invisible characters, no lone surrogates, single spaces."""
    text = text.encode("utf-8", "replace").decode()
    return _SPACE.sub(" ", _CONTROL.sub(" ", unicodedata.normalize("NFC", text))).strip()


def fold(text: str) -> str:
    """`text` without case, accents or ligatures: "Œuvre" and "oeuvre" are one word to whoever looks for it."""
    if text.isascii():
        return text.casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
    return "".join(c for c in plain if not unicodedata.combining(c))


def plain(text: str) -> str:
    """`text` as folded words of letters and digits with a space between: "St. John’s" is "st john s"."""
    return re.sub(r"[^a-z0-9]+", " ", fold(text)).strip()


def spelt_out(text: str, language: str) -> str:
    """`text` with the shorthand of messages in full: "cb de tps" is "combien de temps"."""
    meant, shouted = _SHORTHAND[language], text.isupper()

    def full(short: re.Match[str]) -> str:
        # "TPS" is a tax, "tps" is time; where all is in capitals, capitals say nothing
        acronym = any(len(word) > 1 and word.isupper() for word in short.group().split()) and not shouted
        return short.group() if acronym else meant[short.group().lower()]

    return _shorthand(language).sub(full, text)


@cache
def _shorthand(language: str) -> re.Pattern[str]:
    forms = "|".join(re.escape(form) for form in sorted(_SHORTHAND[language], key=len, reverse=True))
    return re.compile(rf"(?<![\w'’])(?:{forms})(?![\w'’])", re.IGNORECASE)


def words(text: str, language: str) -> list[str]:
    """The folded words of `text` in their order, stop words included; "1 200" and "1,200" are the word "1200"."""
    text = _GROUPED.sub("", fold(text.encode("utf-8", "replace").decode()))
    text = _ELISION.sub(" ", text) if language == "fr" else _POSSESSIVE.sub("", text)
    return _WORD.findall(text)


def terms(text: str, language: str) -> list[str]:
    """What `text` is found by: its words without stop words, stemmed. All of them if it has stop words only."""
    found = words(text, language)
    return [stem(w, language) for w in found if w not in STOP[language]] or [stem(w, language) for w in found]


# Snowball takes the s of "lois", "emplois", "délais" and "anglais" for a part of the word
_PLURAL = re.compile(r"(?<=.[aou]i)s$")
_stemmers = threading.local()  # a Snowball stemmer is not safe to share between threads


@lru_cache(maxsize=1 << 16)
def stem(word: str, language: str) -> str:
    """The Snowball stem of a folded word; a French one is singular first."""
    stemmer = getattr(_stemmers, language, None)
    if stemmer is None:
        import Stemmer

        stemmer = Stemmer.Stemmer(_ABOUT[language]["stemmer"], 0)
        setattr(_stemmers, language, stemmer)
    if language != "fr":
        return str(stemmer.stemWord(word))
    return _PLURAL.sub("", stemmer.stemWord(_PLURAL.sub("", word)))


def language_of(text: str) -> str:
    """The language whose stop words `text` has more of; English where that does not tell."""
    found = set(_WORD.findall(fold(text.translate(_LETTERS))))
    accented = bool(re.search(r"[àâçéèêëîïôùûœ]", text, re.IGNORECASE))
    return "fr" if len(found & _TELLS["fr"]) + accented > len(found & _TELLS["en"]) else "en"


def written_in(text: str) -> str | None:
    """The language that `text` is evidently written in: at least two of its own stop words, and none of the others'."""
    found = set(_WORD.findall(fold(_ELISION.sub(r" \g<0> ", text.translate(_LETTERS)))))
    told = sorted(((len(found & tells), code) for code, tells in _TELLS.items()), reverse=True)
    (most, code), (next_most, _) = told[:2]
    return code if most >= EVIDENT and not next_most else None


EVIDENT = 2
_TELLS = {"en": STOP["en"] - STOP["fr"], "fr": STOP["fr"] - STOP["en"]}

_END = re.compile(r"[.!?…]+[\u00a0\u202f ]?[»”\"')\]]*(?=\s)|\n(?=\s*\n)|\n(?=[ \t]*(?:[-•*–]|\d{1,2}[.)])[ \t])")
_ITEM = re.compile(r"[ \t]*(?:[-•*–]|\d{1,2}[.)])[ \t]|.* \| ")


def sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence, list item and table row of `text`; they touch, and together are all of it."""
    cuts = {0, len(text)}
    for end in _END.finditer(text):
        after = _next(text, end.end())
        if text[end.start()] == "\n" or _ends(text, end.start(), after):
            cuts.add(after)
    line = 0
    for newline in re.finditer(r"\n", text):  # a list item or a table row ends with its line
        if _ITEM.match(text, line, newline.start() + 1):
            cuts.add(_next(text, newline.end()))
        line = newline.end()
    edges = sorted(cuts)
    return list(itertools.pairwise(edges))


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _ends(text: str, stop: int, after: int) -> bool:
    """Whether the mark at `stop` ends a sentence, and is not part of an abbreviation, an initial or a list number."""
    if text[stop] != ".":
        return after >= len(text) or not text[after].islower()
    before = re.search(r"[^\s(«\"“]*$", text[max(0, stop - 20) : stop])
    word = before.group().lower() if before else ""
    if after < len(text) and text[after].islower():
        return False
    if re.fullmatch(r"\d{1,2}", word) and (stop - len(word) == 0 or text[stop - len(word) - 1] == "\n"):
        return False
    return word not in _ABBREVIATIONS and not re.fullmatch(r"[^\W\d_]", word)
