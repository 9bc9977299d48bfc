"""The laws on the house itself: what a module is called, how it opens, how long it may be, what no file may contain."""

import ast
import re
import subprocess
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.code import OURS, ROOT, Module, modules

LONGEST = 300
LONGER_FOR_A_REASON = {
    "channels/web/guichet-chat.js": "one file, so that one tag embeds it; 25 kB is its limit",
}
WIDGET_BYTES = 25_000
EVERY_MODULE = tuple(each for package in (*OURS, "tests") for each in modules(package))
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def tracked() -> list[str]:
    """What a checkout holds or is about to: tracked files and new ones that are not ignored."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_module_is_a_drawer() -> None:
    assert not [each.name for each in EVERY_MODULE if NAMELESS & set(each.name.split("."))]


@pytest.mark.parametrize("package", [*OURS, "tests"])
def test_every_module_opens_with_a_sentence_that_says_what_it_is(package: str) -> None:
    openings = {each.name: _opening(each) for each in modules(package) if each.tree.body or package != "tests"}
    assert not {name: opening for name, opening in openings.items() if not _is_sentence(opening)}


def _opening(each: Module) -> str:
    return " ".join((ast.get_docstring(each.tree) or "").partition("\n\n")[0].split())


def _is_sentence(opening: str) -> bool:
    return bool(re.match(r"[^\W\d_]|[<`\"“]", opening)) and opening.endswith((".", ".”", ".)", '."'))


def test_no_file_outgrows_its_sentence() -> None:
    long = {}
    for name in tracked():
        if name.endswith((".py", ".js", ".css", ".html")) and not name.startswith("tests/"):
            lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
            if lines > LONGEST and name not in LONGER_FOR_A_REASON:
                long[name] = lines
    assert not long


def test_the_chat_window_stays_small() -> None:
    assert (ROOT / "channels" / "web" / "guichet-chat.js").stat().st_size <= WIDGET_BYTES


FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.~$}/-])/(?:root|work|tmp|Users)/"),
    "an index option": re.compile(r"(?<![\w-])(?:--(?:extra-)?index-ur[l]|index-ur[l]\s*=|--find-link[s])"),
    "an index or hub host": re.compile(
        r"pypi\.org/simple|files\.pythonhoste[d]|download\.pytorch\.or[g]|registry\.npmj[s]|huggingface\.c[o]"
    ),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names_a_machine_or_an_index(what: str) -> None:
    found = []
    for name in tracked():
        content = (ROOT / name).read_bytes()
        if b"\0" in content[:8000] or name == "LICENSE":
            continue
        found += [f"{name}: {match[0]}" for match in FORBIDDEN[what].finditer(content.decode("utf-8", "replace"))]
    assert not found


def test_a_lock_has_no_address() -> None:
    for lock in ROOT.glob("*.lock"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name


def test_the_lock_has_what_our_dependencies_ask_for_with_their_extras() -> None:
    """An override of a version must not lose an extra: nothing but a start on a bare machine would tell."""
    locked = set(
        re.findall(r"^([a-z0-9.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    missing = []
    for dependency in map(Requirement, project["dependencies"]):
        for line in metadata.requires(dependency.name) or ():
            asked = Requirement(line)
            wanted = any(asked.marker is None or asked.marker.evaluate({"extra": each}) for each in dependency.extras)
            if wanted and canonicalize_name(asked.name) not in locked:
                missing.append(f"{dependency.name}: {asked.name}")
    assert not missing


def test_no_borrowed_data_is_tracked() -> None:
    borrowed = re.compile(
        r"(?:service_inventory|laws_en_fr|blns|doc2dial|frdoc2bot|qc_covidfaq|or_sharc|mtragun).*\.(?:csv|gz|jsonl?|tsv)$"
    )
    assert not [name for name in tracked() if borrowed.search(name)]
