"""Settings: what is unsafe is refused with a sentence."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from channels.settings import Settings

GOOD = "3f9a0c5be1d24786a9b0c1d2e3f40516"
HERE = ["https://www.example.ca"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "missing"),
        ({"secret": "short"}, "shorter than 32"),
        ({"secret": "a" * 64}, "easily guessed"),
        ({"secret": "changeme-changeme-changeme-changeme"}, "easily guessed"),
        ({"secret": "my-very-secret-passphrase-of-2026-xyz"}, "easily guessed"),
    ],
)
def test_unsafe_secrets_are_refused_in_production(given: dict[str, str], why: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(_env_file=None, home=tmp_path, environment="production", web_origins=HERE, **given)


def test_a_short_secret_is_refused_everywhere(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="openssl rand"):
        Settings(_env_file=None, home=tmp_path, secret="short")


def test_every_site_is_refused_in_production(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="every site"):
        Settings(_env_file=None, home=tmp_path, environment="production", secret=GOOD)
    assert Settings(_env_file=None, home=tmp_path, environment="production", secret=GOOD, web_origins=HERE)


@pytest.mark.parametrize(
    "origin", ["https://www.example.ca/", "www.example.ca", "https://*.example.ca", "null", "https://a.ca/chat", ""]
)
def test_what_no_page_would_match_is_refused(origin: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="not an origin"):
        Settings(_env_file=None, home=tmp_path, web_origins=[origin])


def test_a_secret_never_shows(tmp_path: Path) -> None:
    assert GOOD not in repr(Settings(_env_file=None, home=tmp_path, secret=GOOD))


def test_the_secret_of_development_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = Settings(_env_file=None, home=tmp_path / "home").key
    assert len(key) == 64
    assert Settings(_env_file=None, home=tmp_path / "home").key == key
    (secret,) = (tmp_path / "home").iterdir()
    assert os.stat(secret).st_mode & 0o077 == 0


def test_processes_that_start_together_share_one_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each looked before the other wrote: neither may have a secret of its own, nor an empty one."""
    monkeypatch.setattr(Path, "exists", lambda _: False)
    first, second = (Settings(_env_file=None, home=tmp_path / "home").key for _ in range(2))
    assert first == second


def test_a_worker_has_the_same_name_after_a_restart(tmp_path: Path) -> None:
    names = {Settings(_env_file=None, home=tmp_path).consumer for _ in range(2)}
    assert len(names) == 1
    assert Settings(_env_file=None, home=tmp_path, worker="2").consumer not in names
