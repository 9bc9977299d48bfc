"""The features of a message: its vector from knowledge's encoder, which knows meaning, and its character n-grams, which
know French, typos and SMS style."""

import json
import logging
import os
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer

from knowledge import Encoder, NoEncoder
from knowledge.text import fold

log = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class MeaningAndSpelling(Featurizer[NDArray[np.float32]], GraphComponent):
    """Remembers the encoder that it was trained with. Where that one cannot be had any more, the n-grams must do."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`meaning` and `spelling` weigh the two kinds of features, each a vector of length 1 before."""
        return {**Featurizer.get_default_config(), "meaning": 7.0, "spelling": 10.0, "buckets": 8192}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to validate."""

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        storage: ModelStorage,
        resource: Resource,
        trained: dict[str, Any] | None,
    ) -> None:
        super().__init__(name, config)
        self._storage, self._resource, self._trained = storage, resource, trained
        self._ngrams = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), n_features=config["buckets"], dtype=np.float32
        )
        self._encoder: Encoder | None = None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        return cls(config, execution_context.node_name, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Self:
        with model_storage.read_from(resource) as folder:
            trained = json.loads((folder / "encoder.json").read_text())
        self = cls(config, execution_context.node_name, model_storage, resource, trained)
        try:
            self._open()
        except NoEncoder as no:
            log.error("Messages are understood by their spelling alone. %s", no)
        return self

    def train(self, training_data: TrainingData) -> Resource:
        """Raises NoEncoder: a model without meaning is not worth training."""
        encoder = self._open(workers=2)
        self._trained = {"fingerprint": encoder.fingerprint, "dim": encoder.dim}
        with self._storage.write_to(self._resource) as folder:
            (folder / "encoder.json").write_text(json.dumps(self._trained))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process([each for each in training_data.training_examples if each.get(TEXT)])
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        texts = [message.get(TEXT) or "" for message in messages]
        spelling = self._ngrams.transform([fold(text) for text in texts]) * np.float32(self._config["spelling"])
        meaning = self._meaning(texts) * np.float32(self._config["meaning"])
        for row, message in enumerate(messages):
            for matrix in (spelling, meaning):
                features = Features(matrix[row : row + 1], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
                message.add_features(features)
        return messages

    def _meaning(self, texts: list[str]) -> NDArray[np.float32]:
        if self._encoder is None:
            assert self._trained
            return np.zeros((len(texts), self._trained["dim"]), np.float32)
        return self._encoder.encode(texts)

    def _open(self, workers: int = 1) -> Encoder:
        encoder = Encoder.open(Path(os.environ.get("GUICHET_HOME", ".guichet")) / "encoder", workers)
        if self._trained and self._trained["fingerprint"] != encoder.fingerprint:
            raise NoEncoder(
                "The encoder is not the one that the bot was trained with: run `guichet train` and restart it."
            )
        self._encoder = encoder
        return encoder
