"""Pictures and files that citizens send to a person: who sees them, where they are fetched from, and what is passed on."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from channels.channel import File, Incoming
from channels.desk import fetching
from channels.desk.copy import copied
from channels.desk.desk import Desk
from channels.desk.fetching import CutShort, Files, Resolve
from channels.desk.people.accounts import Agent
from channels.desk.routes.access import COOKIE
from channels.settings import Settings
from channels.tables import audit, case_lines
from channels.texts import texts
from tests.architecture.code import module, reached, top
from tests.channels.desk.conftest import PASSWORD, SECRET, Stage
from tests.channels.desk.test_app import Books

ACCOUNT, TOKEN, BOT = f"AC{1:032}", "a token of nobody", "1:of-nobody"
TWILIO = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"
STORE = "https://media.example/kept?signature=abc"
GET_FILE, KEPT = (
    f"https://api.telegram.org/bot{BOT}/getFile",
    f"https://api.telegram.org/file/bot{BOT}/photos/file_1.jpg",
)
PNG = b"\x89PNG a picture"
HERE = {"ok": True, "result": {"file_id": "AgAC1", "file_path": "photos/file_1.jpg"}}

Answer = Callable[[], httpx.Response]


async def publicly(host: str) -> list[str]:
    return {"inside.example": ["10.1.2.3"], "both.example": ["8.8.8.8", "::1"]}.get(host, ["8.8.8.8"])


@dataclass
class Provider:
    """What stands for Twilio and Telegram: what it answers by address, and what it was asked."""

    answers: dict[str, httpx.Response | Answer | Exception] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(str(request.url), httpx.Response(404))
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    @property
    def places(self) -> list[str]:
        return [str(each.url) for each in self.asked]

    def files(self, resolve: Resolve = publicly, **settings: Any) -> Files:
        given: dict[str, Any] = {"twilio_account": ACCOUNT, "twilio_token": SecretStr(TOKEN)}
        given |= {"telegram_token": SecretStr(BOT), "secret": SecretStr(SECRET.decode())}
        made = Settings(_env_file=None, **given | settings)
        return Files(made, httpx.MockTransport(self), resolve)


def picture(content: bytes = PNG, kind: str = "image/png", **headers: str) -> httpx.Response:
    return httpx.Response(200, content=content, headers={"Content-Type": kind} | headers)


@dataclass
class Desktop:
    """An agent who has a case, in which the citizen sent something; and the provider that it is to be fetched from."""

    stage: Stage
    provider: Provider
    case: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    async def arrive(self, name: str, **about: Any) -> Agent:
        agent = await self.stage.agent(name, **about)
        self.tokens[name] = await self.stage.accounts.sign_in(agent.email, PASSWORD) or ""
        return agent

    async def sent(self, *files: File, text: str = "", media: int = 0) -> None:
        """The citizen sends this while Ana has their case; as many as `media`, if there is more than can be fetched."""
        self.case, conversation = await self.stage.case(team="passports")
        ana = await self.arrive("Ana", teams=["passports"])
        await self.stage.cases.claim(self.case, ana.id)
        desk = Desk(self.stage.counter, self.stage.switches)
        said = Incoming("m1", "sms:+16135550142", text, media=media or len(files), files=files)
        assert (await desk.answer(conversation, said)).replies == ()

    async def asks(
        self, path: str = "/lines/m1/files/1", who: str = "Ana", files: Files | None = None
    ) -> httpx.Response:
        app = self.stage.app(Books(), attached=files or self.provider.files())
        transport, headers = httpx.ASGITransport(app), {"Cookie": f"{COOKIE}={self.tokens[who]}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.example", headers=headers) as http:
            return await http.get(f"/api/cases/{self.case}{path}")

    async def audited(self, did: str) -> list[tuple[int, Any]]:
        wanted = select(audit.c.case, audit.c.about).where(audit.c.did == did, audit.c.case == self.case)
        async with self.stage.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(wanted)]


@pytest.fixture
async def desktop(stage: Stage) -> Desktop:
    return Desktop(stage, Provider({TWILIO: picture()}))


async def test_an_agent_looks_at_a_picture_and_that_is_on_record(desktop: Desktop) -> None:
    await desktop.sent(File("image/png", TWILIO))
    answer = await desktop.asks()
    assert (answer.status_code, answer.content) == (200, PNG)
    headers = answer.headers
    assert (headers["content-type"], headers["content-disposition"].partition(";")[0]) == ("image/png", "inline")
    assert headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    (asked,) = desktop.provider.asked
    assert asked.headers["authorization"] == httpx.BasicAuth(ACCOUNT, TOKEN)._auth_header
    ((case, about),) = await desktop.audited("file read")
    (line,) = [each.id for each in await desktop.stage.cases.lines(desktop.case) if each.message == "m1"]
    assert (case, about) == (desktop.case, {"line": line, "number": 1})


@pytest.mark.parametrize("about", [{"teams": ["housing"]}, {"role": "publisher"}])
async def test_who_may_not_see_the_case_sees_no_file_of_it(desktop: Desktop, about: dict[str, Any]) -> None:
    await desktop.sent(File("image/png", TWILIO))
    await desktop.arrive("Ben", **about)
    answer = await desktop.asks(who="Ben")
    assert answer.status_code == (403 if "role" in about else 404)
    assert (desktop.provider.asked, await desktop.audited("file read")) == ([], [])
    desktop.tokens["Ben"] = "x" * 43
    assert (await desktop.asks(who="Ben")).status_code == 401


async def test_pages_are_told_of_files_and_never_where_they_are(desktop: Desktop) -> None:
    await desktop.sent(File("image/jpeg", TWILIO), File("", "AgAC1"), text="Is this the form?")
    answer = await desktop.asks("")
    (line,) = [each for each in answer.json()["lines"] if each["message"] == "m1"]
    assert line["files"] == [{"kind": "image/jpeg", "number": 1}, {"kind": "", "number": 2}]
    assert "about" not in line
    async with desktop.stage.engine.connect() as connection:
        mine = (case_lines.c.case == desktop.case, case_lines.c.message == "m1")
        kept = (await connection.execute(select(case_lines.c.about).where(*mine))).scalar_one()
    for secret in (TWILIO, "AgAC1", *(ref for _, ref in kept["files"])):
        assert secret not in answer.text
    assert TWILIO not in str(kept) and "AgAC1" not in str(kept)


async def test_what_cannot_be_fetched_is_told_to_have_come(desktop: Desktop) -> None:
    """A place on a map, a sticker: an empty line would say that nothing came."""
    await desktop.sent(File("image/png", TWILIO), media=2)
    (line,) = [each for each in (await desktop.asks("")).json()["lines"] if each["message"] == "m1"]
    assert line["files"] == [{"kind": "image/png", "number": 1}, {"kind": "", "number": None}]
    assert [(await desktop.asks(f"/lines/m1/files/{number}")).status_code for number in (1, 2)] == [200, 404]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/lines/m1/files/2", 404),
        ("/lines/m2/files/1", 404),
        ("/lines/claimed:1/files/1", 404),
        ("/lines/%00/files/1", 404),
        ("/lines/m1/files/0", 422),
        ("/lines/m1/files/-1", 422),
        ("/lines/m1/files/99999999999999999999", 422),
    ],
)
async def test_what_is_no_file_is_not_there(desktop: Desktop, path: str, status: int) -> None:
    await desktop.sent(File("image/png", TWILIO))
    assert (await desktop.asks(path)).status_code == status
    assert desktop.provider.asked == []


async def test_what_was_sealed_with_another_secret_is_not_there(desktop: Desktop) -> None:
    await desktop.sent(File("image/png", TWILIO))
    answer = await desktop.asks(files=desktop.provider.files(secret=SecretStr("another" * 8)))
    assert (answer.status_code, desktop.provider.asked) == (404, [])


# Twilio: its own host, and its media store


@pytest.mark.parametrize(
    "ref",
    [
        "https://evil.example/picture.png",
        "http://api.twilio.com/1",
        "https://api.twilio.com:444/1",
        "https://api.twilio.com.evil.example/1",
        "https://api.twilio.com@evil.example/1",
        "https://evil.example/https://api.twilio.com/1",
        "http://127.0.0.1:8010/api/cases",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1/",
        "://",
    ],
)
async def test_nothing_is_fetched_from_where_twilio_is_not(desktop: Desktop, ref: str) -> None:
    await desktop.sent(File("image/png", ref))
    assert (await desktop.asks()).status_code == 404
    assert desktop.provider.asked == []


async def test_its_media_store_is_asked_without_the_token(desktop: Desktop) -> None:
    await desktop.sent(File("image/png", TWILIO))
    desktop.provider.answers = {TWILIO: httpx.Response(307, headers={"Location": STORE}), STORE: picture()}
    answer = await desktop.asks()
    assert (answer.status_code, answer.content, desktop.provider.places) == (200, PNG, [TWILIO, STORE])
    assert "authorization" not in desktop.provider.asked[1].headers
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "there",
    [
        "http://media.example/kept",
        "https://inside.example/kept",
        "https://both.example/kept",
        "ftp://media.example/kept",
        "https://[::1/",
    ],
)
async def test_it_is_not_followed_inside_nor_without_https(desktop: Desktop, there: str) -> None:
    await desktop.sent(File("image/png", TWILIO))
    desktop.provider.answers = {TWILIO: httpx.Response(307, headers={"Location": there})}
    answer = await desktop.asks()
    assert (answer.status_code, desktop.provider.places) == (502, [TWILIO])
    assert "example/kept" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0x7f.1"),
    ],
)
async def test_no_address_of_this_network_is_asked(desktop: Desktop, host: str) -> None:
    """As the system itself reads it, which takes a number for an address."""
    await desktop.sent(File("image/png", TWILIO))
    desktop.provider.answers = {TWILIO: httpx.Response(307, headers={"Location": f"https://{host}/kept"})}
    answer = await desktop.asks(files=desktop.provider.files(fetching.resolved))
    assert (answer.status_code, desktop.provider.places) == (502, [TWILIO])


async def test_who_is_sent_from_place_to_place_gives_up(desktop: Desktop) -> None:
    await desktop.sent(File("image/png", TWILIO))
    round_and_round = httpx.Response(302, headers={"Location": STORE})
    desktop.provider.answers = {
        TWILIO: round_and_round,
        STORE: lambda: httpx.Response(302, headers={"Location": STORE}),
    }
    assert (await desktop.asks()).status_code == 502
    assert len(desktop.provider.asked) == 4


async def test_where_the_setting_points_to_this_machine_it_is_asked_and_no_other_there(desktop: Desktop) -> None:
    here, other = "http://127.0.0.1:8090", "http://127.0.0.1:8010"
    await desktop.sent(File("", f"{here}/1"), File("", f"{here}/2"), File("", f"{other}/1"))
    desktop.provider.answers = {
        f"{here}/1": httpx.Response(307, headers={"Location": "/kept"}),
        f"{here}/kept": picture(),
        f"{here}/2": httpx.Response(307, headers={"Location": f"{other}/api/cases"}),
    }
    files = desktop.provider.files(twilio_url=here)
    statuses = [(await desktop.asks(f"/lines/m1/files/{n}", files=files)).status_code for n in (1, 2, 3)]
    assert (statuses, desktop.provider.places) == ([200, 502, 404], [f"{here}/1", f"{here}/kept", f"{here}/2"])


# Telegram: where a file is has to be asked first


async def test_of_telegram_it_is_asked_first_where_the_file_is(
    desktop: Desktop, caplog: pytest.LogCaptureFixture
) -> None:
    await desktop.sent(File("image/jpeg", "AgAC1"))
    kept = picture(b"a jpeg", "application/octet-stream")
    desktop.provider.answers = {GET_FILE: httpx.Response(200, json=HERE), KEPT: kept}
    answer = await desktop.asks()
    assert (answer.status_code, answer.content, desktop.provider.places) == (200, b"a jpeg", [GET_FILE, KEPT])
    assert dict(parse_qsl(desktop.provider.asked[0].content.decode())) == {"file_id": "AgAC1"}
    assert (answer.headers["content-type"], answer.headers["content-disposition"][:6]) == ("image/jpeg", "inline")
    assert BOT not in f"{answer.headers} {answer.text}"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (httpx.Response(400, json={"ok": False, "description": "Bad Request: wrong file_id"}), 404),
        (httpx.Response(400, json={"ok": False, "description": "Bad Request: file is too big"}), 502),
        (httpx.Response(401, json={"ok": False, "description": "Unauthorized"}), 502),
        (httpx.Response(404, json={"ok": False, "description": "Not Found"}), 502),
        (httpx.Response(500, text="no JSON"), 502),
        (httpx.Response(200, json=[]), 502),
        (httpx.Response(200, json={"ok": True, "result": {"file_path": None}}), 502),
        (httpx.Response(200, json={"ok": True, "result": {}}), 502),
        *(
            (httpx.Response(200, json={"ok": True, "result": {"file_path": path}}), 502)
            for path in ("../../bot1:x/getMe", "/etc/passwd", "a//b", "", "./a")
        ),
        (httpx.ReadTimeout("slow"), 502),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), 502),
    ],
)
async def test_where_telegram_does_not_say_where_it_is_nothing_is_fetched(
    desktop: Desktop, answer: httpx.Response | Exception, status: int
) -> None:
    await desktop.sent(File("image/jpeg", "AgAC1"))
    desktop.provider.answers = {GET_FILE: answer}
    told = await desktop.asks()
    assert (told.status_code, desktop.provider.places) == (status, [GET_FILE])
    assert BOT not in told.text


async def test_what_stands_in_a_path_stays_in_it(desktop: Desktop) -> None:
    await desktop.sent(File("image/jpeg", "AgAC1"))
    odd = {"ok": True, "result": {"file_path": "documents/a?b#c%2e%2e d"}}
    desktop.provider.answers = {GET_FILE: httpx.Response(200, json=odd)}
    assert (await desktop.asks()).status_code == 404
    assert desktop.provider.places[1] == f"https://api.telegram.org/file/bot{BOT}/documents/a%3Fb%23c%252e%252e%20d"


@pytest.mark.parametrize("name", ["twilio_token", "telegram_token"])
async def test_a_channel_that_is_off_has_no_files(desktop: Desktop, name: str) -> None:
    await desktop.sent(File("image/png", TWILIO if "twilio" in name else "AgAC1"))
    assert (await desktop.asks(files=desktop.provider.files(**{name: None}))).status_code == 404
    assert desktop.provider.asked == []


# What is passed on


@pytest.mark.parametrize(
    ("declared", "passed", "shown"),
    [
        ("image/jpeg", "image/jpeg", "inline; filename="),
        ("IMAGE/PNG; charset=binary", "image/png", "inline; filename="),
        ("image/gif", "image/gif", "inline; filename="),
        ("image/webp", "image/webp", "inline; filename="),
        ("application/pdf", "application/pdf", "attachment"),
        ("audio/ogg; codecs=opus", "audio/ogg", "attachment"),
        ("audio/mpeg", "audio/mpeg", "attachment"),
        ("audio/mp4", "audio/mp4", "attachment"),
        ("video/mp4", "video/mp4", "attachment"),
        ("text/plain; charset=utf-8", "text/plain", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("image/heic", "application/octet-stream", "attachment"),
        ("application/xhtml+xml", "application/octet-stream", "attachment"),
        ("text/javascript", "application/octet-stream", "attachment"),
        ("image/png\x00", "application/octet-stream", "attachment"),
        ("nonsense", "application/octet-stream", "attachment"),
    ],
)
async def test_types_are_those_that_do_nothing_and_others_are_saved(
    desktop: Desktop, declared: str, passed: str, shown: str
) -> None:
    await desktop.sent(File("text/html", TWILIO))
    desktop.provider.answers = {TWILIO: picture(kind=declared)}
    answer = await desktop.asks()
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == passed
    assert answer.headers["content-disposition"].startswith(shown)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("said", ["application/octet-stream", "binary/octet-stream", ""])
@pytest.mark.parametrize(
    ("before", "passed"), [("image/jpeg", "image/jpeg"), ("text/html", "application/octet-stream")]
)
async def test_where_the_answer_says_nothing_it_is_what_came_with_the_message(
    desktop: Desktop, said: str, before: str, passed: str
) -> None:
    await desktop.sent(File(before, TWILIO))
    desktop.provider.answers = {TWILIO: picture(kind=said)}
    assert (await desktop.asks()).headers["content-type"] == passed


async def test_nothing_else_of_an_answer_is_passed_on(desktop: Desktop) -> None:
    await desktop.sent(File("image/png", TWILIO))
    theirs = {"Set-Cookie": "guichet-desk=x", "Content-Disposition": "inline; filename=x.html", "X-Secret": TOKEN}
    theirs |= {"Content-Security-Policy": "default-src *"}
    desktop.provider.answers = {TWILIO: picture(**theirs)}
    answer = await desktop.asks()
    assert "set-cookie" not in answer.headers and TOKEN not in str(answer.headers)
    assert answer.headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert "html" not in answer.headers["content-disposition"]


async def test_no_file_is_larger_than_what_may_be(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fetching.MOST_BYTES == 20 * 1024 * 1024
    monkeypatch.setattr(fetching, "MOST_BYTES", len(PNG))
    await desktop.sent(File("image/png", TWILIO))
    assert (await desktop.asks()).content == PNG
    desktop.provider.answers = {TWILIO: picture(PNG + b"x")}
    answer = await desktop.asks()
    assert (answer.status_code, "larger than 20 MB" in answer.json()["message"]) == (502, True)
    desktop.provider.answers = {TWILIO: picture(**{"Content-Length": "9" * 30})}
    assert (await desktop.asks()).status_code == 502


class Told(httpx.AsyncByteStream):
    """A content of unknown length, which may break off."""

    def __init__(self, *parts: bytes, end: Exception | None = None) -> None:
        self.parts, self.end, self.read, self.closed = parts, end, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.read += 1
            yield part
        if self.end:
            raise self.end

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("too", ["long", "slow", "broken"])
async def test_what_breaks_off_is_seen_to_break_off(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch, too: str
) -> None:
    """It must not pass for the whole: the connection breaks off, too. No more is read than may be."""
    monkeypatch.setattr(fetching, "MOST_BYTES", 2 * len(PNG) if too == "long" else 10**6)
    monkeypatch.setattr(fetching, "LONGEST_SECONDS", -1.0 if too == "slow" else 60.0)
    await desktop.sent(File("image/png", TWILIO))
    content = Told(*[PNG] * 9, end=httpx.ReadError("gone") if too == "broken" else None)
    desktop.provider.answers = {TWILIO: httpx.Response(200, headers={"Content-Type": "image/png"}, stream=content)}
    with pytest.raises(CutShort):
        await desktop.asks()
    assert (content.read, content.closed) == ({"long": 3, "slow": 1, "broken": 9}[too], True)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        *((httpx.Response(code), 404) for code in (404, 410)),
        *((httpx.Response(code), 502) for code in (204, 400, 401, 403, 429, 500, 503)),
        (httpx.ConnectError("away"), 502),
        (httpx.ReadTimeout("slow"), 502),
    ],
)
async def test_a_provider_that_is_away_and_a_file_that_is_gone_are_told_apart(
    desktop: Desktop, answer: httpx.Response | Exception, status: int
) -> None:
    await desktop.sent(File("image/png", TWILIO))
    desktop.provider.answers = {TWILIO: answer}
    told = await desktop.asks()
    assert told.status_code == status
    assert told.json()["message"].startswith("Its provider does not give" if status == 502 else "There is no such file")
    assert not [secret for secret in (TOKEN, ACCOUNT, TWILIO) if secret in told.text]
    assert len(await desktop.audited("file read")) == 1, "it was tried"


# Who is told of it elsewhere


@pytest.mark.parametrize(("language", "says"), [("en", "[picture or file]"), ("fr", "[image ou fichier]")])
async def test_a_copy_says_that_there_was_something(desktop: Desktop, language: str, says: str) -> None:
    await desktop.sent(File("image/png", TWILIO), File("", "AgAC1"), text="Is this it?")
    copy = copied([], await desktop.stage.cases.lines(desktop.case), language, "America/Toronto")
    assert f"Is this it?\n{says}\n{says}" in copy
    assert not [secret for secret in (TWILIO, "AgAC1", "image/png") if secret in copy]


async def test_of_a_picture_alone_the_bot_is_not_asked_where_nobody_has_the_case_any_more(stage: Stage) -> None:
    conversation, address = await stage.citizen(language="fr")
    desk = Desk(stage.counter, stage.switches)
    turn = await desk.answer(conversation, Incoming("m1", address, "", media=1, files=(File("image/png", TWILIO),)))
    assert ([each.text for each in turn.replies], turn.hand_to) == ([texts("fr")["media_unread"]], "bot")
    turn = await desk.answer(conversation, Incoming("m2", address, "et ceci?", media=1))
    assert (turn.replies, turn.hand_to) == ((), "bot")


def test_the_desk_loads_no_providers_library() -> None:
    loaded = {top(name) for each in reached("channels.desk.serving") for name in module(each).runs}
    assert not loaded & {"twilio", "telegram"}
    assert "httpx" in loaded
