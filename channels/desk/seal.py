"""The seal: what citizens and agents wrote to each other, and where to, is unreadable to who only has the database."""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class Unreadable(Exception):
    """It was sealed with another secret, or changed since."""


class Seal:
    """Fernet (AES-128-CBC with HMAC-SHA-256) with a key that is made of the service's secret."""

    def __init__(self, secret: bytes) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hmac.new(secret, b"desk", hashlib.sha256).digest()))

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode("utf-8", "replace")).decode("ascii")

    def read(self, sealed: str) -> str:
        """The text to be looked at, "" where there is none or it cannot be read any more."""
        try:
            return self.open(sealed) if sealed else ""
        except Unreadable:
            return ""

    def open(self, sealed: str) -> str:
        """The text. Raises Unreadable."""
        try:
            return self._fernet.decrypt(sealed).decode("utf-8")
        except InvalidToken as error:
            raise Unreadable("It was sealed with another GUICHET_SECRET.") from error
