"""The first component: tidies what the citizen wrote, and reads what the message brings along, its language and place."""

from typing import Any, Self

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components.residence import residence
from knowledge.text import clean

GIVEN, SAID = "given", "said"  # by the channel, by the citizen


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class Context(GraphComponent):
    """Its entities fill the slots of the same names in every turn, before anything is predicted or said."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = tidy(message.get(TEXT) or "")
            message.set(TEXT, text, add_to_output=True)
            message.set(ENTITIES, entities(text, message.get(METADATA) or {}), add_to_output=True)
        return messages


def tidy(text: str) -> str:
    """The text as the other components can take it. A leading slash is Rasa's notation for an intent, not for citizens."""
    return clean(text).replace("’", "'").lstrip("/ ")


def entities(text: str, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Of two places the later fills the slot: what the citizen says now goes before what the channel knew."""
    found = [
        {"entity": name, "value": metadata[name], "extractor": GIVEN}
        for name in ("language", "place")
        if isinstance(metadata.get(name), str)
    ]
    if said := residence(text):
        found.append({"entity": "place", "value": said.place, "extractor": SAID, "alone": said.alone})
    return found
