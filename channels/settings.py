"""Every setting of the running service, typed; read from GUICHET_… in the environment or from a .env file."""

import os
import secrets
import socket
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET = 32
FEWEST_DIFFERENT = 8  # characters
PLACEHOLDERS = ("change", "secret", "password", "example", "default", "placeholder")  # of templates and tutorials


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="GUICHET_", env_file=".env", extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path(".guichet"), description="Folder of everything that is made at run time.")
    environment: Literal["development", "production"] = "development"
    secret: SecretStr | None = Field(
        None, description="Key of the hashes that stand for addresses; 32 characters or more."
    )

    public_host: str = "127.0.0.1"
    public_port: int = Field(8000, ge=0, le=65535)
    web_origins: list[str] = Field(["*"], description="Sites whose pages may embed the chat, as origins.")
    messages_per_minute: int = Field(30, ge=1, description="Most messages accepted from one conversation in a minute.")

    redis_url: str | None = Field(None, description="Your own Redis; without it one is started from a wheel.")
    database_url: str | None = Field(None, description="Your own PostgreSQL; without it one is started from a wheel.")
    bot_url: str = "http://127.0.0.1:5005"
    actions_url: str = "http://127.0.0.1:5055/webhook"
    bot_host: str = Field("127.0.0.1", description="Interface Rasa listens on: loopback, or a private network's.")
    bot_timeout: float = Field(4.0, gt=0, description="Seconds that the bot may take before knowledge answers alone.")

    model: str | None = Field(None, description="Folder or hub name of another sentence-transformers model.")
    keep_transcripts_days: int = Field(30, ge=1)
    keep_conversation_hours: int = Field(24, ge=1, description="How long a web conversation can be resumed.")
    concurrent_turns: int = Field(32, ge=1, description="Conversations that one worker answers side by side.")
    worker: str = Field(
        "1", description="Name of this worker among those of the same host; it must stay over a restart."
    )

    @field_validator("web_origins")
    @classmethod
    def _are_origins(cls, given: list[str]) -> list[str]:
        for origin in given:
            parts = urlsplit(origin)
            if origin != "*" and (origin != f"{parts.scheme}://{parts.netloc}" or "*" in origin or not parts.netloc):
                raise ValueError(
                    f"{origin!r} in GUICHET_WEB_ORIGINS is not an origin, so no page would match it. "
                    "Write it as a browser does, without a path or a slash at its end: https://www.example.ca"
                )
        return given

    @model_validator(mode="after")
    def _safe_outside_development(self) -> Self:
        given = self.secret.get_secret_value() if self.secret else None
        if given is not None and len(given) < SHORTEST_SECRET:
            raise ValueError(
                f"GUICHET_SECRET is shorter than {SHORTEST_SECRET} characters. Make one: openssl rand -hex 32"
            )
        if self.environment == "production":
            if given is None or _easily_guessed(given):
                raise ValueError("GUICHET_SECRET is missing or easily guessed. Make one: openssl rand -hex 32")
            if "*" in self.web_origins:
                raise ValueError(
                    'GUICHET_WEB_ORIGINS allows every site. Name those that embed the chat: ["https://www.example.ca"]'
                )
        return self

    @property
    def consumer(self) -> str:
        """This worker's name towards Redis, the same after a restart."""
        return f"{socket.gethostname()}-{self.worker}"

    @cached_property
    def key(self) -> bytes:
        """The secret; in development it is made once and kept in the home folder, readable by its owner only."""
        if self.secret:
            return self.secret.get_secret_value().encode()
        path = self.home / "secret"
        if not path.exists():
            _keep_new_secret(path)
        return path.read_bytes()


def _easily_guessed(secret: str) -> bool:
    return len(set(secret)) < FEWEST_DIFFERENT or any(word in secret.lower() for word in PLACEHOLDERS)


def _keep_new_secret(path: Path) -> None:
    """Write a secret that all processes share, whichever of them comes first: the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as made:  # readable by its owner only
        made.write(secrets.token_hex(32))
        made.flush()
        try:
            os.link(made.name, path)
        except FileExistsError:  # another process was first
            pass
