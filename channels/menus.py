"""Menus: what was offered where there are no buttons, or was too long, until the citizen answers by number or word."""

import json
import re
from dataclasses import dataclass, replace

from redis.asyncio import Redis

from channels.channel import Choice, Incoming
from knowledge import plain

KEEP_SECONDS = 48 * 3600

NUMBERS = {
    1: "1 1st 1er 1re one un une premier premiere first",
    2: "2 2nd 2e two deux deuxieme second seconde",
    3: "3 3rd 3e three trois troisieme third",
    4: "4 four quatre quatrieme fourth",
    5: "5 five cinq cinquieme fifth",
    6: "6 six sixieme sixth",
    7: "7 seven sept septieme seventh",
    8: "8 eight huit huitieme eighth",
    9: "9 nine neuf neuvieme ninth",
}
_NUMBER = {word: number for number, words in NUMBERS.items() for word in words.split()}
_AROUND = re.compile(
    r"^(?:number|numero|no|n|option|choice|choix|the|le|la|l|num|nr)\s+"
    r"|\s+(?:please|svp|stp|s il (?:vous|te) plait|pls|thanks|merci|one)$"
)
MORE = frozenset(("more", "m", "next", "suite", "la suite", "s", "encore", "read more", "lire la suite"))
_SMALL = frozenset(
    "a an and the of to for my in on i do how can is it what about one les le la l un une des de du d a au aux et en pour"
    " mon ma mes je comment est ce que".split()
)


@dataclass(frozen=True, slots=True)
class Rest:
    """The citizen wants what was left out of what `sender` said, from `passages` of a `snapshot`."""

    text: str
    language: str
    sender: str = "bot"
    passages: tuple[str, ...] = ()
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Menu:
    """`rest` is what was left out of the reply `rest_of` of `sender` for want of room, and is from `passages`, by their ids,
    of a `snapshot`; `reply` offered the choices."""

    choices: tuple[Choice, ...] = ()
    rest: str = ""
    language: str = "en"
    reply: str = ""
    rest_of: str = ""
    sender: str = "bot"
    passages: tuple[str, ...] = ()
    snapshot: str | None = None

    @property
    def left(self) -> Rest:
        return Rest(self.rest, self.language, self.sender, self.passages, self.snapshot)


class Menus:
    """The last menu of each conversation, by its key."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, key: str, menu: Menu, continues: bool = False) -> None:
        """In place of the one before; one that `continues` it has its choices, too."""
        menu = replace(menu, rest_of=menu.reply)
        if continues:
            before = await self._find(key)
            menu = replace(menu, choices=before.choices, reply=before.reply)
        if not menu.choices and not menu.rest:
            await self._redis.delete(_key(key))
            return
        choices = [[each.label, each.say] for each in menu.choices]
        of_rest = (menu.rest, menu.language, menu.reply, menu.rest_of, menu.sender, menu.passages, menu.snapshot)
        await self._redis.set(_key(key), json.dumps([choices, *of_rest]), ex=KEEP_SECONDS)

    async def read(self, key: str, said: Incoming) -> Incoming | Rest:
        """What a message means after the last menu: the choice made, what was left out, or itself."""
        menu = await self._find(key)
        if said.command == "more":
            wanted = said.choice[0] if said.choice else menu.rest_of
            return menu.left if menu.rest and wanted == menu.rest_of else said
        if menu.rest and plain(said.text) in MORE:
            return menu.left
        chosen = chosen_by(said, menu)
        return replace(said, text=chosen.say) if chosen else said

    async def _find(self, key: str) -> Menu:
        kept = await self._redis.get(_key(key))
        if not kept:
            return Menu()
        try:
            choices, rest, language, reply, rest_of, sender, passages, snapshot = json.loads(kept)
            offered = tuple(Choice(*each) for each in choices)
            return Menu(offered, rest, language, reply, rest_of, sender, tuple(passages), snapshot)
        except (TypeError, ValueError):  # another version has written it
            return Menu()


def chosen_by(said: Incoming, menu: Menu) -> Choice | None:
    """The choice that a message makes: by touch, by its number, by its words, or by words that only it has."""
    if said.choice:
        reply, number = said.choice
        return menu.choices[number - 1] if reply == menu.reply and 0 < number <= len(menu.choices) else None
    text = plain(said.text)
    number = _NUMBER.get(text) or _NUMBER.get(_AROUND.sub("", _AROUND.sub("", text)), 0)
    if number:
        return menu.choices[number - 1] if number <= len(menu.choices) else None
    for choice in menu.choices:
        if text and text in (plain(choice.label), plain(choice.say)):
            return choice
    words = set(text.split()) - _SMALL
    having = [choice for choice in menu.choices if words and words <= set(plain(choice.label).split())]
    return having[0] if len(having) == 1 else None


def _key(key: str) -> str:
    return f"menu:{key}"
