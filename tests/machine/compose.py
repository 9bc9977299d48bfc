"""docker-compose.yml as its reader sees it: merged, with its variables filled in, and the commands that it names."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.conftest import ROOT

GIVEN = {
    "GUICHET_SECRET": "0123456789abcdef" * 4,
    "REDIS_PASSWORD": "redis-password",
    "POSTGRES_PASSWORD": "postgres-password",
}
ONCE = ("migrate", "prepare")
OURS = ("migrate", "prepare", "bot", "actions", "worker", "web", "desk", "watch")
VARIABLE = re.compile(r"\$(?:(?P<literal>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>[^}]*))?\})")


class Missing(Exception):
    """A variable that the file requires was not given."""


def compose(given: Mapping[str, str] = GIVEN) -> dict[str, Any]:
    """The file with the variables `given`. Raises Missing."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    filled: dict[str, Any] = _filled(read, given)
    return filled


def services(given: Mapping[str, str] = GIVEN) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose(given)["services"]
    return found


def _filled(node: Any, given: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, given) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, given) for value in node]
    return VARIABLE.sub(lambda found: _value(found, given), node) if isinstance(node, str) else node


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    if found["literal"]:
        return "$"
    value = given.get(found["name"], "")
    if not value and found["kind"] == "?":
        raise Missing(f"{found['name']} {found['word']}")
    return value or (found["word"] if found["kind"] == "-" else "")
