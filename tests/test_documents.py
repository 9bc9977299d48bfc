"""The documents are true: links lead somewhere, commands exist, settings and figures are the real ones."""

import csv
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from channels.settings import Settings
from guichet import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "tests").rglob("README.md"),
        *(ROOT / "benchmarks").rglob("*.md"),
    )
)
OPERATOR = ROOT / "docs" / "guides" / "operator.md"
SETTINGS = {f"GUICHET_{name.upper()}" for name in Settings.model_fields}
OF_THE_TESTS = {"GUICHET_CHROMIUM"}  # read by tests, not by the service
INVENTORY = ROOT.parent / "shared" / "data" / "service_inventory_2024.csv"


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# Links


def links(path: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"`[^`\n]*`", "", text)
    yield from re.findall(r"\]\(([^()\s]+)\)", text)
    yield from re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_relative_links_lead_somewhere(path: Path) -> None:
    broken = []
    for link in links(path):
        if re.match(r"https?://|mailto:", link):
            continue
        target, _, anchor = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(link)
    assert not broken


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#{1,6} (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# Commands


def commands(path: Path) -> Iterator[list[str]]:
    """Every `guichet …` that a document quotes, as its words."""
    text = path.read_text(encoding="utf-8")
    quoted = re.findall(r"```(?:console|sh|bash)\n(.*?)```", text, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in quoted for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]*\bguichet [^`\n]*)`", text)
    for line in lines:
        found = re.search(r"(?:^|[ /])guichet ((?!chat)[a-z].*)$", line.partition("  #")[0])
        if found and not re.match(r"guichet [a-z-]+[.:]", found[0].strip()):
            yield shlex.split(found[1].partition(" …")[0].replace("<part>", "web"), comments=True)


def group() -> "typer.main.TyperGroup":
    command = typer.main.get_command(app)
    assert isinstance(command, typer.main.TyperGroup)
    return command


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_quoted_commands_exist_with_their_options(path: Path) -> None:
    known = group().commands
    for words in commands(path):
        assert words[0] in known, f"guichet {' '.join(words)}"
        options = {option for parameter in known[words[0]].params for option in parameter.opts}
        assert {word for word in words[1:] if word.startswith("--")} <= options | {"--help"}, words


def test_the_readme_quotes_commands() -> None:
    quoted = {words[0] for words in commands(ROOT / "README.md")}
    assert {"ask", "index", "doctor", "evaluate"} <= quoted


def test_every_command_that_is_shown_has_help() -> None:
    for name in group().commands:
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_quoted_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    quoted = re.findall(r"^\$ (?:\w+=\S+ )*make ([a-z-]+)", text, re.MULTILINE) + re.findall(
        r"`(?:\w+=\S+ )*make ([a-z-]+)`", text
    )
    assert set(quoted) <= targets


# Settings


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    assert set(re.findall(r"GUICHET_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))) <= SETTINGS | OF_THE_TESTS


def table() -> dict[str, str]:
    """The defaults that the operators' guide gives, by setting."""
    rows = re.findall(r"^\| `(GUICHET_[A-Z_]+)` \| (.+?) \|", OPERATOR.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(rows)


def test_every_setting_is_in_the_operators_guide() -> None:
    assert set(table()) == SETTINGS


def test_the_defaults_in_the_operators_guide_are_the_real_ones() -> None:
    for name, field in Settings.model_fields.items():
        default = field.get_default()
        if default is None:
            assert not table()[f"GUICHET_{name.upper()}"].startswith("`"), name  # it is told in words
        else:
            shown = str(default).replace("'", '"')
            assert table()[f"GUICHET_{name.upper()}"] == f"`{shown}`", name


# Versions, figures, drawing


def test_the_changelog_knows_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^## {re.escape(version)}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_versions_in_the_decision_on_rasa_are_those_of_the_lock() -> None:
    locked = dict(
        re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    page = (ROOT / "docs" / "decisions" / "0001-rasa-on-python-3.11.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z][^|]*?) \| ([0-9.]+(?:, [0-9.]+)*) \|", page, re.MULTILINE)
    assert len(rows) >= 10
    for names, versions in rows:
        packages, given = names.split(", "), versions.split(", ")
        given = given * len(packages) if len(given) == 1 else given
        for package, version in zip(packages, given, strict=True):
            assert locked[package.replace(".", "-")] == version, package


def test_the_figures_in_the_readme_are_those_of_the_inventory() -> None:
    if not INVENTORY.exists():
        pytest.skip("needs the published inventory in ../shared/data/service_inventory_2024.csv")
    with INVENTORY.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["fiscal_yr"] == "2023-2024"]
    public = {row["service_id"]: row for row in rows if "EXTERN" in row["service_scope"].split(",")}
    insurance, tax = public["1003"], public["1139"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for figure in (
        f"{len(public):,}",
        f"{int(insurance['num_phone_enquiries']):,}",
        f"{int(tax['num_phone_enquiries']):,}",
        f"{int(insurance['num_website_visits']) / 1e6:.1f} million",
    ):
        assert figure in readme, figure


def test_the_drawing_can_be_read_by_everyone() -> None:
    drawing = ElementTree.parse(ROOT / "docs" / "architecture.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert drawing.get("role") == "img"
    assert all((drawing.findtext(f"{space}{name}") or "").strip() for name in ("title", "desc"))
    assert "prefers-color-scheme: dark" in (drawing.findtext(f"{space}style") or "")
