"""Published knowledge as channels ask it: what may still be said, also while it cannot be asked."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from channels.published import opener, standing


async def test_passages_may_be_said_as_long_as_knowledge_says_so() -> None:
    asked: list[Any] = []
    knowledge = SimpleNamespace(stands=lambda *about: asked.append(about) or about == (("a#1",), "1234"))
    stands = standing(lambda: knowledge)  # type: ignore[arg-type, return-value]
    assert await stands(("a#1",), "1234")
    assert not await stands(("a#1",), "5678")
    assert await stands((), None), "what quotes nothing needs nobody's word"
    assert asked == [(("a#1",), "1234"), (("a#1",), "5678")]


async def test_what_cannot_be_looked_up_is_not_said(tmp_path: Path) -> None:
    assert not await standing(opener(tmp_path))(("a#1",), None)
