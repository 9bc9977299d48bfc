"""knowledge's public face: all it promises is there, and asking loads nothing that only indexing needs."""

import subprocess
import sys
from pathlib import Path

import pytest

import knowledge

HEAVY = (
    "torch",
    "transformers",
    "sentence_transformers",
    "bm25s",
    "scipy",
    "jax",
    "rasa",
    "fastapi",
    "pandas",
    "sklearn",
)


def imported(code: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return {name.split(".")[0] for name in ran.stdout.split()}


def test_every_name_it_promises_is_there() -> None:
    for name in knowledge.__all__:
        assert getattr(knowledge, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        knowledge.nonsense  # noqa: B018


def test_importing_it_loads_nothing() -> None:
    assert not imported("import knowledge") & {*HEAVY, "numpy", "onnxruntime", "tokenizers", "yaml"}


def test_asking_loads_no_torch(prepared_home: Path, knowledge: knowledge.Knowledge) -> None:
    ask = f"Knowledge.open(Path({str(knowledge.home)!r})).ask('passport', language='en')"
    assert not imported(f"from pathlib import Path\nfrom knowledge import Knowledge\nassert {ask}.sources") & set(HEAVY)
