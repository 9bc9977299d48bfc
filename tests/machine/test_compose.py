"""docker-compose.yml and Dockerfile: what they let in and out, and that they agree with the rest of the house."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

from channels.settings import Settings
from machine.servers import postgres_version
from tests.conftest import ROOT
from tests.machine.compose import GIVEN, ONCE, OURS, Missing, compose, services

SERVICES = services()
each = pytest.mark.parametrize("name", SERVICES)


def test_it_is_valid_by_the_schema_of_the_compose_specification() -> None:
    found = find_spec("check_jsonschema")
    if not found or not found.origin:
        pytest.skip("the package check-jsonschema, which carries the schema, is not installed")
    schema = Path(found.origin).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(yaml.safe_load((ROOT / "docker-compose.yml").read_text()), json.loads(schema.read_text()))


def test_docker_compose_reads_it() -> None:
    if not shutil.which("docker"):
        pytest.skip("there is no docker command")
    command = ["docker", "compose", "--file", str(ROOT / "docker-compose.yml")]
    if subprocess.run([*command, "version"], capture_output=True, check=False).returncode:
        pytest.skip("the docker command has no compose plugin")
    done = subprocess.run([*command, "config", "--quiet"], env=GIVEN, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr


@each
def test_every_service_runs_as_nobody_special(name: str) -> None:
    service = SERVICES[name]
    assert str(service["user"]).split(":")[0] not in ("", "0", "root")
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "pid", "devices"} & set(service)
    assert service["mem_limit"]
    assert service["pids_limit"] > 0


@each
def test_what_runs_is_checked_and_started_again_and_what_ends_is_not(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert ("healthcheck" in service) is (name not in ONCE)
    test = " ".join(service.get("healthcheck", {}).get("test", ()))
    assert "curl" not in test
    assert "wget" not in test


@each
def test_what_a_service_waits_for_can_come_true(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        expected = {"service_completed_successfully"} if other in ONCE else {"service_healthy", "service_started"}
        assert wait["condition"] in expected
        assert name not in _needs(other), "they wait for each other"


def _needs(name: str) -> set[str]:
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*(_needs(other) for other in direct))


def test_only_web_app_and_desk_can_be_reached_and_only_from_this_machine_unless_told() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"],
        "desk": ["127.0.0.1:8010:8010"],
    }
    networks = compose()["networks"]
    outside = {name for name, network in networks.items() if not network.get("internal")}
    way_out = {"web": "outside", "worker": "providers", "desk": "agents", "watch": "sources"}
    for name, service in SERVICES.items():
        joined = set(service.get("networks", ()))
        assert joined <= set(networks)
        assert joined or service.get("network_mode") == "none"
        assert joined & outside <= {way_out.get(name)}, f"{name} reaches the outside"


@pytest.mark.parametrize(
    ("name", "reaches"),
    [
        ("web", {"redis", "worker", "bot", "desk"}),
        ("bot", {"redis", "worker", "web", "actions", "desk"}),
        ("actions", {"bot", "worker"}),
        ("prepare", set()),
        ("watch", set()),
        ("migrate", {"postgres", "worker", "desk"}),
        ("desk", {"redis", "postgres", "worker", "web", "bot", "migrate"}),
    ],
)
def test_a_service_shares_a_network_with_whom_it_must_only(name: str, reaches: set[str]) -> None:
    mine = set(SERVICES[name].get("networks", ()))
    assert {
        other for other, service in SERVICES.items() if other != name and mine & set(service.get("networks", ()))
    } == reaches


@each
def test_the_addresses_that_a_service_is_given_are_on_its_networks(name: str) -> None:
    service = SERVICES[name]
    for value in service.get("environment", {}).values():
        host = urlsplit(value).hostname if "://" in value else None
        if host and host != name:
            assert set(service["networks"]) & set(SERVICES[host]["networks"]), f"{name} cannot reach {host}"


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting_and_is_accepted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = SERVICES[name].get("environment", {})
    assert set(given) <= {f"GUICHET_{field.upper()}" for field in Settings.model_fields}
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    Settings(_env_file=None)


def test_who_speaks_with_people_is_in_production_and_nobody_else_has_the_secret() -> None:
    given, people = (
        {name: service.get("environment", {}) for name, service in SERVICES.items()},
        {"web", "worker", "desk"},
    )
    assert {name for name, has in given.items() if "GUICHET_SECRET" in has} == people
    assert {name for name, has in given.items() if has.get("GUICHET_ENVIRONMENT") == "production"} == people
    assert {name for name, has in given.items() if "GUICHET_DATABASE_URL" in has} == {"migrate", "worker", "desk"}


@pytest.mark.parametrize("name", GIVEN)
def test_without_a_secret_nothing_starts(name: str) -> None:
    with pytest.raises(Missing, match=f"{name} is missing. Make one with openssl rand"):
        compose({other: value for other, value in GIVEN.items() if other != name})


def test_every_process_that_up_starts_is_there_by_the_same_command() -> None:
    from machine.parts import PARTS

    commands = {name: service["command"] for name, service in SERVICES.items() if name in OURS}
    assert commands == {
        "migrate": ["guichet", "migrate"],
        "prepare": ["guichet", "prepare"],
        **{name: ["guichet", "run", name] for name in (*PARTS, "watch")},
    }


def test_the_servers_are_pinned_and_postgres_is_of_the_version_that_is_tested(database_url: str) -> None:
    major = asyncio.run(postgres_version(database_url)).split(".")[0]
    assert re.fullmatch(rf"postgres:{major}\.\d+", SERVICES["postgres"]["image"])
    assert re.fullmatch(r"redis:\d+\.\d+", SERVICES["redis"]["image"])


def test_only_what_publishes_writes_knowledge() -> None:
    mounts = {
        name: mount
        for name, service in SERVICES.items()
        for mount in service.get("volumes", ())
        if "knowledge" in mount
    }
    assert [mounts.pop(name) for name in ("prepare", "watch")] == ["knowledge:/var/lib/guichet/knowledge"] * 2
    assert set(mounts) == {"actions", "worker", "desk"}
    assert all(mount.endswith(":ro") for mount in mounts.values())


def test_the_watch_finds_what_was_indexed_where_it_was() -> None:
    watch, prepare = SERVICES["watch"], SERVICES["prepare"]
    assert watch["volumes"] == prepare["volumes"]
    assert "./content:/content:ro" in watch["volumes"], "it reads what you publish, and cannot change it"
    given = services(GIVEN | {"CONTENT_FOLDER": "/srv/pages"})
    assert "/srv/pages:/content:ro" in given["watch"]["volumes"]
    assert "/srv/pages:/content:ro" in given["prepare"]["volumes"]


def test_the_watch_writes_into_its_volumes_alone(tmp_path: Path) -> None:
    """The rest of its container cannot be written."""
    from machine.reading import alone
    from machine.watch import is_watched, watching

    writable = {mount.split(":")[1].rpartition("/")[2] for mount in SERVICES["watch"]["volumes"] if mount[-3:] != ":ro"}
    assert writable == {"knowledge", "sites"}
    with watching(tmp_path), alone(tmp_path, "publishing"):
        assert is_watched(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= writable


# The image.


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_is_of_the_python_that_runs_here_and_is_nobody_special() -> None:
    python = f"python:{sys.version_info.major}.{sys.version_info.minor}-slim-"
    assert all(words.startswith(python) for verb, words in instructions() if verb == "FROM")
    assert [words for verb, words in instructions() if verb == "USER"][-1] == SERVICES["web"]["user"]


def test_what_the_image_copies_is_there_and_is_not_left_out_by_dockerignore() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied: set[str] = set()
    for verb, words in instructions():
        if verb == "COPY" and "--from" not in words:
            copied |= set(words.split()[:-1])
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert {"actions", "bot", "channels", "knowledge", "machine", "guichet.py"} <= copied


def test_the_image_installs_as_make_does() -> None:
    makefile, ran = (ROOT / "Makefile").read_text(), " ".join(words for verb, words in instructions() if verb == "RUN")
    torch = re.findall(r"torch==[\w.]+", makefile)
    assert torch
    assert set(re.findall(r"torch==[\w.]+", ran)) == set(torch)
    assert ran.index("torch==") < ran.index("requirements.lock")
    for option in ("--no-deps", "--ignore-requires-python"):
        assert option in makefile
        assert ran.count(option) >= 2
    assert "http" not in ran


def test_volumes_begin_as_what_the_image_has() -> None:
    home = dict(word.split("=", 1) for verb, words in instructions() if verb == "ENV" for word in words.split())[
        "GUICHET_HOME"
    ]
    targets = [mount.split(":")[1] for mount in SERVICES["prepare"]["volumes"] if mount[0].isalpha()]
    assert targets == [f"{home}/knowledge", f"{home}/sites"]
    assert any("mkdir" in words and '"$GUICHET_HOME/sites"' in words for verb, words in instructions() if verb == "RUN")
    assert any(home in words and "--chown=10001:10001" in words for verb, words in instructions() if verb == "COPY")
    assert SERVICES["prepare"]["tmpfs"][1].startswith(f"{home}/run:uid=10001")
