"""The laws of the house on who may know, call and send what; docs/architecture.md says them in words."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.architecture.code import OURS, PACKAGES, ROOT, Module, module, modules, reached, top, where

if TYPE_CHECKING:
    from fastapi import FastAPI

ADAPTERS = tuple(each for each in modules("channels") if each.name.startswith("channels.adapters."))
WEBHOOKS = (*ADAPTERS, *(each for each in modules("channels") if each.name.startswith("channels.web")))


# 1. One door in, one door out.

PUTS = {
    "channels.inbox": {"self.lanes.put", "self.record.put"},  # the door in; and what became of a reply, into the record
    "channels.turns": {"out(notice.queue).put"},  # a notice, into the outbox
    "channels.adapters.web": {"self._record.put"},  # a rating, into the record
    "channels.desk.counter": {"self.out(follow.queue).put"},  # what an agent says, into the outbox
}


def test_only_the_inbox_puts_into_the_inbox() -> None:
    puts = {
        each.name: {called for called, _ in each.calls() if called.endswith(".put")} for each in modules("channels")
    }
    assert {name: called for name, called in puts.items() if called} == PUTS
    follows = [
        where(each, call)
        for each in modules("channels")
        for called, call in each.calls()
        if called.rpartition(".")[2] == "Follow" and ast.unparse(call.args[0]) in ("'inbox'", "inbox.QUEUE")
    ]
    assert not follows, "a turn puts something into the inbox"


def test_the_queues_are_given_to_whom_the_law_names() -> None:
    source = (ROOT / "channels" / "app.py").read_text(encoding="utf-8")
    assert "Inbox(Lanes(redis, inbox.QUEUE" in source, "the door in is made in the composition root"
    named = [each.name for each in modules("channels") if re.search(r"\binbox\.QUEUE\b", ast.unparse(each.tree))]
    assert named == ["channels.app"]


def test_only_the_outbox_sends_by_a_channel() -> None:
    sends = {each.name for package in OURS for each in modules(package) for called, _ in each.calls() if _sends(called)}
    assert sends == {"channels.outbox"}


def _sends(called: str) -> bool:
    return called.endswith(".send") and "http" not in called


# 2. Acknowledged means durable: nothing slow or far is awaited while a webhook is answered.


@pytest.mark.parametrize("adapter", WEBHOOKS, ids=lambda each: each.name)
def test_a_webhook_reaches_no_bot_no_desk_and_no_database(adapter: Module) -> None:
    forbidden = {"channels.bot", "channels.switchboard", "channels.record", "channels.turns"}
    near = reached(adapter.name)
    assert not near & forbidden
    assert not [name for name in near if name.startswith("channels.desk")]
    far = {"aiohttp", "requests", "rasa", "rasa_sdk", "sqlalchemy"}
    assert not {top(name) for each in near for name in module(each).runs} & far
    assert "knowledge.Knowledge" not in {name for each in near for name in module(each).runs}


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda each: each.name)
def test_a_webhook_asks_no_provider(adapter: Module) -> None:
    """An adapter has a client of its provider, but not where it answers one."""
    asking = re.compile(r"_bot\.|_client\.|_http\.|_asked|\.(?:send|create|find|sent|typing|request)$")
    routes = [node for node in ast.walk(adapter.tree) if isinstance(node, ast.FunctionDef) and node.name == "routes"]
    called = [ast.unparse(node.func) for each in routes for node in ast.walk(each) if isinstance(node, ast.Call)]
    assert not [name for name in called if asking.search(name)]


def test_the_public_app_is_made_without_a_database(tmp_path: Path) -> None:
    from channels.app import public_app
    from channels.settings import Settings

    app = public_app(Settings(_env_file=None, home=tmp_path, redis_url="redis://127.0.0.1:1", database_url=None))
    assert "/web/messages" in app.openapi()["paths"]


# 5. Redis moves, PostgreSQL remembers; one SQL dialect.


_PEOPLE = ("accounts", "factors", "guesses", "invitations", "sign_ins", "staff", "trail")


def test_only_the_record_the_desk_and_migrations_speak_sql() -> None:
    speaking = {
        each.name
        for package in OURS
        if package != "benchmarks"  # which fill tables before they measure
        for each in modules(package)
        if {name for name in each.runs if top(name) in ("sqlalchemy", "alembic", "asyncpg", "psycopg2")}
        - {name for name in each.runs if name.startswith("sqlalchemy.exc")}
    }
    people = {f"people.{name}" for name in _PEOPLE}
    work = {"cases", "history", "queue", "rows", "statistics", "switching", "tray"}
    desk = {f"channels.desk.{name}" for name in work | people}
    allowed = {"channels.tables", "channels.record", "machine.servers"} | desk
    assert {name for name in speaking if not name.startswith("channels.migrations")} == allowed


def test_there_is_one_sql_dialect() -> None:
    dialects = {
        ".".join(name.split(".")[:3])
        for package in OURS
        for each in modules(package)
        for name in each.imports
        if name.startswith("sqlalchemy.dialects.")
    }
    assert dialects == {"sqlalchemy.dialects.postgresql"}


def test_there_is_no_sqlite() -> None:
    for package in OURS:
        for each in modules(package):
            assert "sqlite" not in each.path.read_text(encoding="utf-8").lower(), each.name
    for file in (*ROOT.glob("*.lock"), *ROOT.glob("*.toml"), *ROOT.glob("*.yml"), *(ROOT / "bot").rglob("*.yml")):
        assert "sqlite" not in file.read_text(encoding="utf-8").lower(), file.name


# 7. The bot and the logs see redacted text and a keyed hash.

SECRETS = ("613-555-0142", "ana@example.ca", "046 454 286", "K1A 0B1")
CITIZEN = "sms:+16135550142"


class Wire:
    """An HTTP client that keeps what it was asked to post, and answers as Rasa would."""

    def __init__(self) -> None:
        self.posted: list[object] = []

    @asynccontextmanager
    async def post(self, url: str, *, json: object, timeout: object):
        self.posted.append(json)
        yield self

    def raise_for_status(self) -> None: ...

    async def json(self) -> list[dict[str, str]]:
        return [{"text": "ok"}]


async def test_the_bot_gets_redacted_text_and_a_keyed_hash() -> None:
    from channels.bot import Bot
    from channels.channel import Incoming
    from channels.conversation import Addresses, Conversation

    wire, key = Wire(), Addresses(b"k" * 32).key(CITIZEN)
    bot = Bot(wire, "http://rasa", 1.0, lambda: pytest.fail("knowledge was asked"))  # type: ignore[arg-type]
    said = Incoming("m1", CITIZEN, f"I am at {', '.join(SECRETS)}. How do I renew?")
    await bot.answer(Conversation(key, "sms", "en"), said)
    [body] = wire.posted
    assert body["sender"] == key  # type: ignore[index]
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    told = json.dumps(body)
    assert "How do I renew?" in told
    assert not [secret for secret in (*SECRETS, CITIZEN, "6135550142") if secret in told]


async def test_knowledge_too_is_asked_without_personal_data() -> None:
    from channels.bot import Bot
    from channels.channel import Incoming
    from channels.conversation import Conversation

    asked: list[str] = []

    class Asked:
        def ask(self, question: str, **_: object) -> None:
            asked.append(question)
            raise LookupError

    class Away(Wire):
        def raise_for_status(self) -> None:
            raise TimeoutError

    bot = Bot(Away(), "http://rasa", 1.0, Asked)  # type: ignore[arg-type]
    await bot.answer(Conversation("0" * 32, "sms", "en"), Incoming("m1", CITIZEN, f"It is {SECRETS[0]}, help me"))
    assert asked == ["It is [phone number], help me"]


def test_no_log_names_what_was_said_or_by_whom() -> None:
    telling = {"text", "address", "said", "question", "body", "quote", "reply_text", "phone"}
    for each in modules("channels"):
        for called, call in each.calls():
            if called.startswith(("log.", "logger.")):
                assert isinstance(call.args[0], ast.Constant), where(each, call)
                assert not {keyword.arg for keyword in call.keywords} & telling, where(each, call)


# 9. Only the public app listens beyond loopback, and only when told to.


def test_what_listens_listens_on_loopback_unless_told(tmp_path: Path) -> None:
    from channels.settings import Settings

    settings = Settings(_env_file=None, home=tmp_path)
    for address in (settings.public_host, settings.bot_host, *map(_host, (settings.bot_url, settings.actions_url))):
        assert ip_address(address).is_loopback


def test_rasa_and_the_action_server_are_told_to_listen_on_loopback(tmp_path: Path) -> None:
    from channels.settings import Settings
    from machine.parts import external

    settings = Settings(_env_file=None, home=tmp_path, redis_url="redis://127.0.0.1:1")
    command, _ = external("bot", settings)
    assert command[command.index("--interface") + 1] == "127.0.0.1"
    _, environment = external("actions", settings)
    # rasa_sdk listens on every interface where this variable is not set
    assert environment.get("SANIC_HOST") == "127.0.0.1"


def routes_of(router: Any) -> Iterator[Any]:
    for each in router.routes:
        if hasattr(each, "original_router"):  # one that is included
            yield from routes_of(each.original_router)
        else:
            yield each


def desk(folder: Path) -> "FastAPI":
    from channels.desk.serving import served
    from channels.settings import Settings

    nowhere = {"redis_url": "redis://127.0.0.1:1", "database_url": "postgresql://nobody@127.0.0.1:1/nothing"}
    return served(Settings(_env_file=None, home=folder, **nowhere))  # type: ignore[arg-type]


def test_the_desk_and_the_public_app_listen_on_ports_of_their_own_and_share_no_route(tmp_path: Path) -> None:
    from channels.app import public_app
    from channels.settings import Settings

    settings = Settings(_env_file=None, home=tmp_path, redis_url="redis://127.0.0.1:1", database_url=None)
    assert settings.desk_port != settings.public_port
    public = {route.path for route in routes_of(public_app(settings))}
    assert public & {route.path for route in routes_of(desk(tmp_path))} <= {"/"}
    assert not [path for path in public if path.startswith("/api")]


def test_the_public_app_runs_without_the_desk() -> None:
    script = "import sys, channels.app; print(*(each for each in sys.modules if each.startswith('channels.desk')))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_route_of_a_case_asks_who_may_see_it(tmp_path: Path) -> None:
    """By the one function that knows; and every other one of the desk's interface asks who it is."""
    from channels.desk.routes.access import Access

    api = [route for route in routes_of(desk(tmp_path)) if route.path.startswith("/api")]
    asked = [(route.path, set(_asked(route.dependant))) for route in api]
    of_case = [(path, functions) for path, functions in asked if path.startswith("/api/cases/{id}")]
    assert len(of_case) > 10
    assert not [path for path, functions in of_case if Access.case not in functions]
    who = {Access.signed_in, Access.at_desk, Access.enrolling, Access.case, Access.role}
    assert not [path for path, functions in asked if not functions & who]


def _asked(dependant: Any) -> Iterator[Any]:
    """The functions of Access that a route depends on."""
    from channels.desk.routes.access import Access

    for each in dependant.dependencies:
        inside = each.call.__qualname__.partition(".<locals>")[0]
        yield getattr(Access, inside.rpartition(".")[2], None) if inside.startswith("Access.") else each.call
        yield from _asked(each)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


# 12. Who may know whom.

HEAVY = ("fastapi", "starlette", "uvicorn", "aiohttp", "rasa", "rasa_sdk", "torch", "sentence_transformers")


@pytest.mark.parametrize("names", ["", "Answer Document Encoder Filter Hit Knowledge NoSnapshot NotPublished build"])
def test_importing_knowledge_pulls_in_no_web_no_rasa_and_no_torch(names: str) -> None:
    script = (
        "import json, sys, knowledge\n"
        f"[getattr(knowledge, name) for name in {names.split()!r}]\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {*HEAVY, "onnxruntime", "channels", "bot", "actions", "machine"}


KNOWS = {
    "knowledge": set(),
    "actions": {"knowledge"},
    "bot": {"knowledge"},
    "channels": {"knowledge"},
    "machine": {"channels", "knowledge"},
}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_knows_only_the_rooms_it_may(package: str) -> None:
    for each in modules(package):
        known = {top(name) for name in each.imports} & set(OURS) - {package}
        assert known <= KNOWS[package], each.name


WITHIN_KNOWLEDGE = {
    "places": set(),
    "sources": {"places"},
    "finding": {"places"},
    "publishing": {"places", "finding"},
    "answering": {"places", "finding", "publishing"},
    "rules": {"places", "finding", "publishing", "answering"},
    "training": {"sources", "finding"},
}


@pytest.mark.parametrize("room", WITHIN_KNOWLEDGE)
def test_a_room_of_knowledge_knows_only_those_below_it(room: str) -> None:
    inside = [each for each in modules("knowledge") if each.name.startswith(f"knowledge.{room}")]
    assert inside, room
    for each in inside:
        known = {name.split(".")[1] for name in each.imports if name.startswith("knowledge.")} & WITHIN_KNOWLEDGE.keys()
        assert known - {room} <= WITHIN_KNOWLEDGE[room], each.name


def test_every_room_of_knowledge_is_known_to_the_law() -> None:
    rooms = {folder.parent.name for folder in (ROOT / "knowledge").glob("*/__init__.py")}
    assert rooms == WITHIN_KNOWLEDGE.keys()


def test_channels_know_the_public_face_of_knowledge() -> None:
    import knowledge

    face = {"knowledge", *(f"knowledge.{name}" for name in knowledge.__all__)}
    for each in modules("channels"):
        assert {name for name in each.imports if top(name) == "knowledge"} <= face, each.name


def test_adapters_do_not_know_each_other() -> None:
    for each in ADAPTERS:
        others = {name for name in each.imports if name.startswith("channels.adapters.")}
        assert {name.split(".")[2] for name in others} - {each.name.split(".")[2]} <= {"twilio"}, each.name
