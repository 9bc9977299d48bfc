"""A translation service that agents can ask, where one is set: it speaks the interface of LibreTranslate."""

import httpx

PATIENCE_SECONDS = 10.0


class Away(Exception):
    """The service gave no translation."""


class Translation:
    """`url` is the service's; `key` what it knows us by, if it wants that. What is sent there leaves the desk: the operator
    who sets it says where to."""

    def __init__(self, url: str, key: str | None = None, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._key = f"{url.rstrip('/')}/translate", key
        self._http = httpx.AsyncClient(timeout=PATIENCE_SECONDS, transport=transport)

    async def translate(self, text: str, to: str) -> str:
        """The text in the language of that ISO 639-1 code. Raises Away."""
        asked = {"q": text, "source": "auto", "target": to, "format": "text"}
        try:
            answer = await self._http.post(self._url, json=asked | ({"api_key": self._key} if self._key else {}))
            answer.raise_for_status()
            return str(answer.json()["translatedText"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Away(f"The translation service does not answer ({type(error).__name__}).") from error
