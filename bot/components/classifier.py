"""Tells the intent from the features: a logistic regression, trained by scikit-learn and kept as plain arrays.

Rasa's own keeps the estimator itself, and loading that imports all of scikit-learn and torch; it also weighs every intent
alike, where "question" is to be believed first.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack

FILE = "classifier.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Intents(IntentClassifier, GraphComponent):
    """Confidence is the probability of the intent that it names; the others are not named."""

    def __init__(self, storage: ModelStorage, resource: Resource, kept: dict[str, NDArray[Any]] | None = None) -> None:
        self._storage, self._resource, self._kept = storage, resource, kept

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Self:
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Self:
        with model_storage.read_from(resource) as folder, np.load(folder / FILE) as kept:
            return cls(model_storage, resource, dict(kept))

    def train(self, training_data: TrainingData) -> Resource:
        from sklearn.linear_model import LogisticRegression

        examples = [each for each in training_data.intent_examples if each.get(TEXT)]
        matrix = vstack([hstack(_features(each), format="csr") for each in examples])
        fitted = LogisticRegression(max_iter=1000).fit(matrix, [each.get(INTENT) for each in examples])
        self._kept = {
            "weights": fitted.coef_.T.astype(np.float32),
            "bias": fitted.intercept_.astype(np.float32),
            "intents": np.array(fitted.classes_, dtype=str),
        }
        with self._storage.write_to(self._resource) as folder:
            np.savez(folder / FILE, **self._kept)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        assert self._kept
        for message in messages:
            sparse, dense = _features(message)
            weights = self._kept["weights"]
            scores = (sparse @ weights[: sparse.shape[1]] + dense @ weights[sparse.shape[1] :])[0] + self._kept["bias"]
            odds = np.exp(scores - scores.max())
            best = int(odds.argmax())
            intent = {"name": str(self._kept["intents"][best]), "confidence": float(odds[best] / odds.sum())}
            message.set(INTENT, intent, add_to_output=True)
            message.set(INTENT_RANKING_KEY, [intent], add_to_output=True)
        return messages


def _features(message: Message) -> tuple[csr_matrix, NDArray[np.float32]]:
    """The sparse and the dense features of the whole message, one row each."""
    _, sparse = message.get_sparse_features(TEXT)
    _, dense = message.get_dense_features(TEXT)
    return sparse.features, dense.features
