"""Every setting of the running service, typed; read from GUICHET_… in the environment or from a .env file."""

import secrets
import socket
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SHORTEST_SECRET = 32


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

    @model_validator(mode="after")
    def _safe_outside_development(self) -> Self:
        given = self.secret.get_secret_value() if self.secret else None
        if given is not None and len(given) < SHORTEST_SECRET:
            raise ValueError(
                f"GUICHET_SECRET is shorter than {SHORTEST_SECRET} characters. Make one: openssl rand -hex 32"
            )
        if self.environment == "production":
            if given is None or len(set(given)) < 8:
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
            self.home.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32))
        return path.read_text().encode()
