"""A real worker in a process of its own whose bot is slow, or brings the process down, when a message says so."""

import asyncio
import os
import sys

import uvloop

from channels import app
from channels.channel import Incoming, Reply
from channels.conversation import Conversation
from channels.responder import Turn
from channels.settings import Settings

BEGUN = "begun"  # the file in the home folder that has a line for every time a message was begun to be answered


class Faulty:
    def __init__(self, settings: Settings) -> None:
        self._begun = settings.home / BEGUN

    async def begin(self, conversation: Conversation, because: str, said: Incoming, topic: str = "") -> Turn:
        return Turn()

    async def answer(self, conversation: Conversation, said: Incoming) -> Turn:
        with self._begun.open("a") as file:
            file.write(f"{said.text}\n")
        word, _, seconds = said.text.partition(" ")
        if word == "slow":
            await asyncio.sleep(float(seconds))
        if word == "crash":
            os._exit(9)
        return Turn((Reply(f"answer to {said.text}", language=conversation.language),))


async def main() -> None:
    settings = Settings()
    app.written_language = lambda _: None  # every message here says its language: the models need not be loaded
    await app.work_with({"bot": Faulty(settings)}, settings)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
