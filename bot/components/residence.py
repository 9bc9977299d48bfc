"""Where a citizen says that they live: "I live in Ontario", « j'habite à Ottawa », or just the name of the place."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from knowledge.places import place
from knowledge.text import plain


@dataclass(frozen=True, slots=True)
class Residence:
    """`place` is a jurisdiction, "ca-on-toronto"; `alone` is true where the message says nothing else."""

    place: str
    alone: bool


def residence(text: str) -> Residence | None:
    """What `text` says about where its writer lives. A place that is only asked about is left to knowledge."""
    words = plain(text)
    if named := _ALONE.fullmatch(words):
        return Residence(_CODES[named["name"]], alone=True)
    if said := _LIVES.search(words):
        return Residence(_CODES[said["name"]], alone=False)
    return None


_CODES = place.canadian() | {
    name: code
    for code, names in yaml.safe_load(Path(__file__).with_name("places.yml").read_text()).items()
    for name in names
}
_NAME = rf"(?:the |la |le |les |l )?(?P<name>{'|'.join(sorted(_CODES, key=len, reverse=True))})"
_I_LIVE = (
    # I live in, we are in, I just moved to
    r"(?:i|we) (?:(?:am|m|are|re|have|ve|just|now|currently|recently|live|living|reside|moved|relocated|based) )+"
    r"(?:in|to|near|from) "
    # j'habite à, je vis en, on vient de déménager au
    r"|(?:j (?:habite|ai (?:recemment )?demenage)|je (?:vis|suis|demeure|reste|reside)|on (?:habite|vit|est|reste)"
    r"|nous (?:habitons|vivons|sommes)|(?:je viens|on vient|nous venons) de demenager) (?:\w+ ){0,2}?"
    r"(?:a|au|aux|en|dans|pres de|de|d) "
)
_ELSEWHERE = r"(?:\w+ ){0,3}?(?:in |en |au )?"  # "a small town in" Ontario
_LIVES = re.compile(rf"\b(?:{_I_LIVE}){_ELSEWHERE}{_NAME}\b")
_JOINS = r"(?:(?:and|but|ok|so|what about|how about|what if|if|et|mais|pis|puis|si) )*"  # "what if I live in" Alberta
_ALONE = re.compile(
    rf"{_JOINS}(?:{_I_LIVE}|in |from |a |au |aux |en |dans )?{_NAME}(?: (?:ontario|on|canada|please|svp))*"
)
