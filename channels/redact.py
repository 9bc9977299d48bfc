"""Takes personal data out of what citizens say, before it is handed to the bot, logged or recorded.

What stands in its place says what it was, so that the question is still understood: "[phone number]". Shapes are used where
the shape tells (e-mail, postal code, Social Insurance Number), and the words before it where it does not (names, file numbers).
"""

import re

_SEPARATOR = r"[\s.\-\u2010-\u2015\u00a0\u202f]?"
_INTRODUCES_NUMBER = (
    r"(?:account|passport|client|file|case|claim|application|visa|permit|licen[cs]e|id|uci|iuc|number|"
    r"compte|passeport|dossier|demande|permis|num[ée]ro|no)"
)
_NAME = r"[^\W\d_][\w'’\-]*(?:[ \u00a0]+(?!and\b|et\b|i\b|je\b|my\b|mon\b|call\b|with\b)[^\W\d_][\w'’\-]*){0,3}"
_STREET = r"(?:street|st|avenue|ave|road|rd|drive|dr|boulevard|blvd|lane|court|crescent|way)"
_VOIE = r"(?:rue|avenue|av\.?|boulevard|boul\.?|chemin|ch\.?|place|route)"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+%\-]+@[\w\-]+(?:\.[\w\-]+)+")),
    (
        "phone",
        re.compile(
            rf"(?<![\w$])(?:\+\d{{1,3}}{_SEPARATOR})?(?:1{_SEPARATOR})?\(?\d{{3}}\)?{_SEPARATOR}\d{{3}}{_SEPARATOR}\d{{4}}(?!\w)"
        ),
    ),
    ("phone", re.compile(r"\+\d[\d\s.\-()\u00a0]{7,17}\d")),
    ("number", re.compile(rf"(?<![\w$])(?:\d{_SEPARATOR}){{12,18}}\d(?!\w)")),
    ("sin", re.compile(rf"(?<![\w$])\d{{3}}{_SEPARATOR}\d{{3}}{_SEPARATOR}\d{{3}}(?![\w%])(?!\s?\$)")),
    (
        "health_card",
        re.compile(rf"(?<![\w$])\d{{4}}{_SEPARATOR}\d{{3}}{_SEPARATOR}\d{{3}}{_SEPARATOR}[A-Z]{{2}}(?!\w)", re.I),
    ),
    ("postal_code", re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ \-\u00a0]?\d[ABCEGHJ-NPRSTV-Z]\d\b", re.I)),
    (
        "number",
        re.compile(rf"\b(?i:{_INTRODUCES_NUMBER})\b[\w\s:#°.]{{0,12}}?\b(?P<what>[A-Z]{{1,4}}\d{{6,12}}[A-Z]?)\b"),
    ),
    ("number", re.compile(r"(?<![\w$])\d{8,}(?!\w)")),
    (
        "address",
        re.compile(
            rf"\b\d{{1,5}}[ \u00a0]+(?:[\w'’\-]+[ \u00a0]+){{1,3}}{_STREET}\b\.?|\b\d{{1,5}},?[ \u00a0]+{_VOIE}[ \u00a0]+[\w'’\-]+"
            rf"(?:[ \u00a0]+[A-ZÀ-Þ][\w'’\-]+)*",
            re.I,
        ),
    ),
    (
        "name",
        re.compile(
            rf"(?i:\bmy name is|\bmy name's|\bje m['’]appelle|\bmon nom est|\bmon nom c['’]est|\b(?:name|nom)[ \u00a0]?:)\s+(?P<what>{_NAME})"
        ),
    ),
    (
        "name",
        re.compile(r"\b(?:Mrs?|Ms|Mme|M|Dr|Dre)\.?[ \u00a0](?P<what>[A-ZÀ-Þ][\w'’\-]+(?:[ \u00a0][A-ZÀ-Þ][\w'’\-]+)*)"),
    ),
)

LABELS = {
    "en": {
        "email": "[email address]",
        "phone": "[phone number]",
        "number": "[number]",
        "sin": "[social insurance number]",
        "health_card": "[health card number]",
        "postal_code": "[postal code]",
        "address": "[address]",
        "name": "[name]",
    },
    "fr": {
        "email": "[adresse courriel]",
        "phone": "[numéro de téléphone]",
        "number": "[numéro]",
        "sin": "[numéro d’assurance sociale]",
        "health_card": "[numéro de carte santé]",
        "postal_code": "[code postal]",
        "address": "[adresse]",
        "name": "[nom]",
    },
}


def redact(text: str, language: str = "en") -> str:
    """The text without the personal data that can be told by its shape or by the words before it."""
    labels = LABELS.get(language, LABELS["en"])
    for kind, pattern in PATTERNS:
        text = pattern.sub(lambda match, label=labels[kind]: _put(match, label), text)
    return text


def _put(match: re.Match[str], label: str) -> str:
    if "what" not in match.re.groupindex:
        return label
    start, end = match.start("what") - match.start(), match.end("what") - match.start()
    return match[0][:start] + label + match[0][end:]
