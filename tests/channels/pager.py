"""The channel that docs/guides/new-channel.md makes, taken from there as it stands."""

import json
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from channels import catalogue
from channels.catalogue import Entry
from channels.settings import Settings

if TYPE_CHECKING:
    from tests.channels.conformance import Stage

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "new-channel.md"
SECRET, CITIZEN = "a secret of nobody", "0142"


class SettingsWithPager(Settings):
    pager_secret: SecretStr | None = None


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the guide's file and its line where they belong."""
    file, line = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("channels.adapters.pager")
    exec(compile(file, "pager.py", "exec"), module.__dict__)
    module.Pager.per_second = 100.0  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    entry: tuple[Entry, ...] = eval(f"({line.strip()})", {"Entry": Entry})
    monkeypatch.setattr(catalogue, "ENTRIES", (*catalogue.ENTRIES, *entry))


@dataclass
class Pager:
    name: str = "pager"
    settings: dict[str, Any] = field(default_factory=lambda: {"pager_secret": SECRET})

    async def open(self, stage: "Stage") -> None: ...

    def bring(self, text: str, id: str = "1", secret: str = SECRET) -> httpx.Request:
        content = json.dumps({"id": id, "from": CITIZEN, "text": text})
        headers = {"X-Secret": secret} if secret else {}
        return httpx.Request("POST", "https://www.example.ca/pager/messages", content=content, headers=headers)

    def forged(self) -> dict[str, httpx.Request]:
        return {
            "without a secret": self.bring("hello", secret=""),
            "with another secret": self.bring("hello", secret="x" * len(SECRET)),
            "with a secret cut short": self.bring("hello", secret=SECRET[:-1]),
        }

    async def shown(self, stage: "Stage") -> list[str]:
        return [json.loads(each.content)["text"] for each in stage.given]

    def took(self, request: httpx.Request) -> httpx.Response:
        assert urlsplit(str(request.url)).path == "/send"
        return httpx.Response(200, json={"id": "1"})
