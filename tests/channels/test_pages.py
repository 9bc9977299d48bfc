"""The chat that needs no JavaScript, with everything real but the bot."""

import re
import time

import httpx
import pytest

from channels.texts import texts
from channels.web.events import Event
from channels.web.pages import unanswered
from tests.channels.conftest import Service


@pytest.fixture
def browser(service: Service) -> httpx.AsyncClient:
    service.http.follow_redirects = True
    return service.http


async def write(browser: httpx.AsyncClient, text: str, id: str = "f1", **headers: str) -> httpx.Response:
    return await browser.post("/chat", data={"id": id, "text": text, "language": "en"}, headers=headers)


async def test_a_question_is_answered_on_the_next_page(browser: httpx.AsyncClient) -> None:
    page = await write(browser, "hello <b>you</b>")
    assert (page.status_code, page.url.path) == (200, "/chat")
    assert page.text.count("hello &lt;b&gt;you&lt;/b&gt;") == 2
    assert "http-equiv" not in page.text, "it is there, so the page does not reload"


async def test_a_form_sent_twice_is_one_message(browser: httpx.AsyncClient, service: Service) -> None:
    for _ in range(2):
        await write(browser, "hello")
    assert [said.text for _, said in service.bot.heard] == ["hello"]


async def test_a_page_with_nothing_to_wait_for_comes_at_once(browser: httpx.AsyncClient) -> None:
    await write(browser, "hello")
    began = time.monotonic()
    for path in ("/chat", "/chat?lang=fr", "/chat?lang=<script>"):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<script>" not in page.text
    assert time.monotonic() - began < 2.0


async def test_the_cookie_is_of_no_use_to_anybody_else(browser: httpx.AsyncClient) -> None:
    browser.follow_redirects = False
    response = await write(browser, "hello")
    assert response.headers["location"] == "/chat?lang=en#latest"
    cookie = response.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/chat"))
    assert "secure" not in cookie
    secure = await browser.post(
        f"{browser.base_url}/chat", data={"id": "f2", "text": "a"}, headers={"X-Forwarded-Proto": "https"}
    )
    assert "secure" in secure.headers["set-cookie"].lower()


async def test_a_page_of_a_conversation_is_kept_by_no_cache(browser: httpx.AsyncClient) -> None:
    page = await write(browser, "hello")
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_of_another_site_says_nothing_and_takes_no_conversation_away(
    browser: httpx.AsyncClient, service: Service, site: str
) -> None:
    await write(browser, "mine")
    token = browser.cookies["guichet"]
    forged = await write(browser, "theirs", "f2", **{"Sec-Fetch-Site": site})
    assert forged.status_code == 403
    rated = await browser.post(
        "/chat/feedback", data={"reply": "f1/1", "helpful": "no"}, headers={"Sec-Fetch-Site": site}
    )
    assert rated.status_code == 403
    assert browser.cookies["guichet"] == token
    assert [said.text for _, said in service.bot.heard] == ["mine"]
    assert (await write(browser, "mine too", "f3", **{"Sec-Fetch-Site": "same-origin"})).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"id": "f1", "text": ""}, 422, "empty"),
        ({"id": "f1", "text": " \r\n"}, 422, "empty"),
        ({"id": "f1", "text": "a" * 2001}, 413, "too_long"),
        ({"id": "f1", "text": "a" * 90_000}, 413, "too_long"),
        ({"id": "<x>", "text": "hello"}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
async def test_what_cannot_be_taken_is_said_on_the_page(
    browser: httpx.AsyncClient, fields: dict[str, str], status: int, code: str
) -> None:
    page = await browser.post("/chat", data=fields, headers={"Accept-Language": "fr"})
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert texts("fr")[f"error_{code}"].replace("’", "’") in page.text


async def test_a_rating_without_a_conversation_is_answered_with_a_page(browser: httpx.AsyncClient) -> None:
    page = await browser.post("/chat/feedback", data={"reply": "f1/1", "helpful": "yes", "language": "en"})
    assert page.status_code == 401
    assert texts("en")["error_unknown_conversation"] in page.text


async def test_redis_being_away_is_said_on_the_page(service: Service) -> None:
    from channels import app

    settings = service.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    transport = httpx.ASGITransport(app.public_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://down", cookies={"guichet": "x"}) as browser:
        for response in (await browser.get("/chat?lang=en"), await write(browser, "hello")):
            assert response.status_code == 503
            assert texts("en")["error_unavailable"] in response.text


async def test_a_rating_is_thanked_for_and_its_name_is_not_written_back(browser: httpx.AsyncClient) -> None:
    await write(browser, "hello")
    browser.follow_redirects = False
    for reply, status in (("f1/1", 303), ("f1/1\r\nSet-Cookie: a=b", 400), ("//evil", 303)):
        response = await browser.post("/chat/feedback", data={"reply": reply, "helpful": "yes", "language": "en"})
        assert response.status_code == status
        assert "a=b" not in response.headers.get("set-cookie", "")
        assert re.match(r"/chat\?", response.headers.get("location", "/chat?"))


def said(id: str) -> Event:
    return Event("1-1", "said", {"id": id})


def reply(id: str, to: str) -> Event:
    return Event("1-2", "reply", {"id": id, "in_reply_to": to})


def test_a_message_waits_until_it_is_answered_and_not_only_held() -> None:
    assert not unanswered([])
    assert unanswered([said("a")])
    assert unanswered([said("a"), reply("a/held", "a")])
    assert not unanswered([said("a"), reply("a/held", "a"), reply("a/1", "a")])
    assert unanswered([said("a"), reply("a/1", "a"), said("b")])
    assert not unanswered([said("a"), said("b"), reply("b/failed", "b")])
