"""The translation service that an operator may set: what it is asked, and what an agent is told when it is away."""

import json

import httpx
import pytest

from channels.desk.translation import Away, Translation


async def test_it_is_asked_as_libretranslate_is() -> None:
    asked: list[httpx.Request] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"translatedText": "Bonjour"})

    translation = Translation("https://www.example.ca/", "k3y", httpx.MockTransport(service))
    assert await translation.translate("Hello", "fr") == "Bonjour"
    (request,) = asked
    assert str(request.url) == "https://www.example.ca/translate"
    wanted = {"q": "Hello", "source": "auto", "target": "fr", "format": "text", "api_key": "k3y"}
    assert json.loads(request.content) == wanted


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(200, text="no JSON"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"error": "limit"}),
    ],
)
async def test_what_is_no_translation_is_said_to_be_none(answer: httpx.Response) -> None:
    with pytest.raises(Away, match="does not answer"):
        await Translation("http://t", transport=httpx.MockTransport(lambda _: answer)).translate("Hello", "fr")
