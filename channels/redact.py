"""Takes personal data out of what citizens say, before it is handed to the bot, logged or recorded.

What stands in its place says what it was, so that the question is still understood: "[phone number]". Shapes are used
where the shape tells (e-mail, postal code, Social Insurance Number), and the words before it where it does not (names,
file numbers). Every pattern takes time in proportion to the text: each repetition is bounded, or starts at one place.
"""

import re
from functools import partial

_SPACE = "(?:[ \u00a0\u202f]{1,3})"
_SEPARATOR = r"[\s.\-\u2010-\u2015\u00a0\u202f]?"
_WORD = r"[\w'’\-]+"
_INTRODUCES_NUMBER = (
    r"(?:account|passport|client|file|case|claim|application|visa|permit|licen[cs]e|id|uci|iuc|number|"
    r"compte|passeport|dossier|demande|permis|num[ée]ro|no)"
)
_TOLL_FREE = r"8(?:00|33|44|55|66|77|88)"  # an office's number, not a person's

# words that follow "my name is" where no name does, and words that follow a name
_NO_NAME = (
    r"(?i:a|an|and|also|but|call|can|cannot|chang\w*|correct\w*|different|from|going|how|i|i[’']\w+|in|incorrect\w*|is|it|"
    r"legally|like|live|longer|m[ie]s+pel\w*|missing|my|need|no|not|now|on|only|or|same|so|spel\w*|still|the|to|too|very|"
    r"want|was|what|when|where|who|why|will|with|wrong\w*|"
    r"au|aussi|bien|comment|dans|différent\w*|encore|erron\w*|est|et|inscrit\w*|j[’']\w+|j|je|mais|mal|mon|ou|où|pas|pour|"
    r"quand|que|qui|sur|toujours|trop|un|une|va)"
)
_NAME_WORD = rf"(?!{_NO_NAME}(?![\w'’\-]))[^\W\d_][\w'’\-]*"
_NAME = rf"{_NAME_WORD}(?:{_SPACE}{_NAME_WORD}){{0,3}}"

_STREET = r"(?:street|st|avenue|ave|road|rd|drive|dr|boulevard|blvd|lane|court|crescent|way)"
_NO_STREET = (  # "10 business days by road", "a 3 hour drive", "2 kids and one way"
    r"(?:a|an|and|are|at|business|by|claims?|days?|for|from|hours?|in|is|kids?|km|minutes?|months?|my|of|on|one|or|the|"
    r"times?|to|weeks?|with|years?)"
)
_VOIE = r"(?:rue|avenue|av\.?|boulevard|boul\.?|chemin|ch\.?|place|route)"
_DE = r"(?:de la|de l['’]|de|des|du|d['’]|la|le|les)"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+%\-]{1,64}+@[\w\-]+(?:\.[\w\-]+)+")),
    (
        "phone",
        re.compile(
            rf"(?<![\w$])(?:\+\d{{1,3}}{_SEPARATOR})?(?:1{_SEPARATOR})?\(?(?!{_TOLL_FREE})\d{{3}}\)?{_SEPARATOR}"
            rf"\d{{3}}{_SEPARATOR}\d{{4}}(?!\w)"
        ),
    ),
    ("phone", re.compile(r"\+\d[\d\s.\-()\u00a0]{7,17}\d")),
    ("licence", re.compile(r"\b[A-Z]\d{4}[ \-]?\d{5}[ \-]?\d{5}\b", re.I)),
    ("number", re.compile(rf"(?<![\w$])(?:\d{_SEPARATOR}){{12,18}}\d(?!\w)")),
    ("sin", re.compile(rf"(?<![\w$])\d{{3}}{_SEPARATOR}\d{{3}}{_SEPARATOR}\d{{3}}(?![\w%])(?!\s?\$)")),
    (
        "health_card",
        re.compile(rf"(?<![\w$])\d{{4}}{_SEPARATOR}\d{{3}}{_SEPARATOR}\d{{3}}{_SEPARATOR}[A-Z]{{2}}(?!\w)", re.I),
    ),
    ("health_card", re.compile(r"\b[A-Z]{4}[ \-\u00a0]?\d{4}[ \-\u00a0]?\d{4}\b")),
    ("postal_code", re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ \-\u00a0]?\d[ABCEGHJ-NPRSTV-Z]\d\b", re.I)),
    (
        "number",
        re.compile(
            rf"\b(?i:{_INTRODUCES_NUMBER})\b[\w\s:#°.]{{0,12}}?\b(?P<what>[A-Z]{{1,4}}\d{{6,12}}[A-Z]{{0,2}})\b", re.I
        ),
    ),
    ("number", re.compile(r"\b(?:uci|iuc)\b[\w\s:#°.]{0,12}?\b(?P<what>\d{2,4}-\d{4}(?:-\d{4})?)\b", re.I)),
    ("number", re.compile(r"(?<![\w$])\d{8,}(?!\w)")),
    (
        "address",
        re.compile(
            rf"\b\d{{1,5}}{_SPACE}(?:(?!{_NO_STREET}\b){_WORD}{_SPACE}){{1,3}}{_STREET}\b\.?",
            re.I,
        ),
    ),
    (
        "address",
        re.compile(
            rf"\b\d{{1,5}},?{_SPACE}(?i:{_VOIE}){_SPACE}(?:(?i:{_DE}){_SPACE}?)?{_WORD}"
            rf"(?:{_SPACE}[A-ZÀ-ÖØ-Þ][\w'’\-]*)*"
        ),
    ),
    (
        "name",
        re.compile(
            r"(?i:\bmy name is|\bmy name['’]s|\bje m['’]appelle|\bmon nom est|\bmon nom c['’]est|"
            rf"\b(?:name|nom){_SPACE}?:)\s{{1,3}}(?P<what>{_NAME})"
        ),
    ),
    (
        "name",
        re.compile(
            rf"\b(?:Mrs?|Ms|Mme|M|Dr|Dre)\.?{_SPACE}"
            rf"(?P<what>[A-ZÀ-ÖØ-Þ][\w'’\-]+(?:{_SPACE}[A-ZÀ-ÖØ-Þ][\w'’\-]+)*)"
        ),
    ),
)

LABELS = {
    "en": {
        "email": "[email address]",
        "phone": "[phone number]",
        "number": "[number]",
        "sin": "[social insurance number]",
        "licence": "[licence number]",
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
        "licence": "[numéro de permis]",
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
        text = pattern.sub(partial(_put, labels[kind]), text)
    return text


def _put(label: str, match: re.Match[str]) -> str:
    if "what" not in match.re.groupindex:
        return label
    start, end = match.start("what") - match.start(), match.end("what") - match.start()
    return match[0][:start] + label + match[0][end:]
