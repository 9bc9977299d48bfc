"""An encoder turns texts into vectors whose dot product says how close they are in meaning; onnxruntime runs it."""

import json
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from knowledge.arrays import Floats, Integers
from knowledge.stamp import NEVER, stamp
from knowledge.text import STOP

REMEMBERED = 4096  # texts: headings, and the turns of conversations that go on
TOGETHER = 4  # texts of a turn that are computed at one time, at most
SLOW = ["SkipLayerNormFusion"]  # an optimization by which a text takes an eighth longer
MODEL, TOKENIZER, MANIFEST = "model.onnx", "tokenizer.json", "encoder.json"
T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""What long work calls as it goes: the step's name, how much is done, out of how much."""


class NoEncoder(Exception):
    """The encoder's folder is absent or unusable; the sentence says which, and how to make it."""


def silent(step: str, done: int, total: int) -> None:
    """The progress of whoever does not want to know."""


class Words(NamedTuple):
    """Of a text's words as the encoder cuts them, without those that tell nothing where there are others: int32 (words,),
    which each is, and float16 (words, width), of length 1, where it points as it is meant there."""

    tokens: Integers
    vectors: Floats


class Reading(NamedTuple):
    """A text's `vector`, float32 (dim,), of length 1, and its `words`."""

    vector: Floats
    words: Words


class Encoder:
    """`encode` gives one L2-normalised row per text, `read` those of its words, too. Safe to call from several threads."""

    def __init__(self, session: Any, tokenizer: Any, manifest: dict[str, Any], workers: int) -> None:
        self._session, self._tokenizer, self._workers = session, tokenizer, workers
        self.dim: int = manifest["dim"]
        self.width: int = manifest.get("width", 0)  # of a word's vector; 0 where the model has none
        self.fingerprint: str = manifest["sha256"][:16]
        self._french: float = manifest.get("french_from", math.inf)

    @classmethod
    def open(cls, folder: Path, workers: int = 1) -> Self:
        """Load what `export` wrote; `workers` texts are computed side by side. Raises NoEncoder."""
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            manifest = json.loads((folder / MANIFEST).read_text())
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
            options = onnxruntime.SessionOptions()
            # one thread per text, texts side by side: faster than several threads on one, and a short question takes as
            # long with one thread as with two
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 3
            session = onnxruntime.InferenceSession(
                str(folder / MODEL), options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOW
            )
        except FileNotFoundError as missing:
            raise NoEncoder(
                f"There is no encoder in {folder} ({missing.filename}): run `guichet index` once."
            ) from None
        except Exception as broken:
            raise NoEncoder(
                f"The encoder in {folder} cannot be used ({broken}): delete it and run `guichet index`."
            ) from broken
        tokenizer.enable_truncation(manifest["max_tokens"])
        tokenizer.no_padding()
        return cls(session, tokenizer, manifest, workers)

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        """float32, (len(texts), dim). A text's vector is the same whatever stands beside it."""
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for done, vector in enumerate(_side_by_side(self._vector, self._tokens(texts), self._workers)):
            vectors[done] = vector
            progress("encode", done + 1, len(texts))
        return vectors

    def read(self, texts: Sequence[str], progress: Progress = silent) -> Iterator[Reading]:
        """The same vectors, one text after the other, and those of the words of each."""
        for done, reading in enumerate(_side_by_side(self._reading, self._tokens(texts), self._workers)):
            progress("encode", done + 1, len(texts))
            yield reading

    def knows(self, word: str, language: str) -> bool:
        """Whether `word` is one token of the language: common enough where the encoder learnt to be spelt right."""
        tokens = (self._tokenizer.token_to_id(mark + word) for mark in ("", "▁"))
        return any(token is not None and (token >= self._french) == (language == "fr") for token in tokens)

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        return [e.ids for e in self._tokenizer.encode_batch([_printable(t) for t in texts])]

    def _vector(self, ids: list[int]) -> Floats:
        return self._run(ids, ["vectors"])[0]

    def _reading(self, ids: list[int]) -> Reading:
        tokens = np.array(ids[1:-1], np.int32)  # without the marks of beginning and end
        if not self.width:
            return Reading(self._vector(ids), Words(tokens[:0], np.zeros((0, 0), np.float16)))
        vector, words = self._run(ids, ["vectors", "words"])
        telling = self._telling[tokens]
        kept = telling if telling.any() else ~telling
        return Reading(vector, Words(tokens[kept], words[1:-1][kept].astype(np.float16)))

    @cached_property
    def _telling(self) -> NDArray[np.bool_]:
        """Of each token, whether it tells anything: no stop word of any language, nor without letter and digit."""
        stop, words = set[str]().union(*STOP.values()), self._tokenizer.get_vocab()
        telling = np.zeros(1 + max(words.values()), bool)
        for word, token in words.items():
            telling[token] = word.removeprefix("▁") not in stop and any(map(str.isalnum, word))
        return telling

    def _run(self, ids: list[int], wanted: list[str]) -> list[Floats]:
        # one text at a time: int8 activations are scaled by all that is in a batch, so that neighbours and padding
        # would change a vector (cosine 0.97); and without padding it takes no longer
        tokens = np.array([ids], np.int64)
        found = self._session.run(wanted, {"input_ids": tokens, "attention_mask": np.ones_like(tokens)})
        return [np.asarray(each[0]) for each in found]


def meaning(encoder: Encoder, text: str) -> Floats:
    """float32 (dim,): the vector of a text that comes again: a heading, or a turn that will be history."""
    return meanings(encoder, [text])[0]


def meanings(encoder: Encoder, texts: Sequence[str]) -> list[Floats]:
    """The same of several."""
    return [reading.vector for reading in readings(encoder, texts)]


def readings(encoder: Encoder, texts: Sequence[str]) -> list[Reading]:
    """Of texts that come again: side by side as far as the encoder has workers; what is remembered is not computed, and what
    is being computed is waited for. No text is kept, only its digest."""
    named = {text: blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts}
    with _lock:
        remembered = _remembered.setdefault(encoder, {})
        new = {text: Future[Reading]() for text, name in named.items() if name not in remembered}
        for text, name in named.items():  # what was used last is forgotten last
            remembered[name] = new[text] if text in new else remembered.pop(name)
        known = {text: remembered[name] for text, name in named.items()}
        for name in list(islice(remembered, max(0, len(remembered) - REMEMBERED))):
            del remembered[name]
    if new:
        _compute(encoder, new, {named[text] for text in new})
    return [known[text].result() for text in texts]


def foresee(encoder: Encoder, texts: Sequence[str]) -> None:
    """Begin with texts whose meaning will be asked for; nothing waits until it is."""
    _ahead.submit(readings, encoder, texts)


def _compute(encoder: Encoder, new: dict[str, Future[Reading]], names: Iterable[bytes]) -> None:
    try:
        for text, reading in zip(new, encoder.read(list(new)), strict=True):
            new[text].set_result(reading)
    except BaseException as error:
        with _lock:
            for name in names:
                _remembered.get(encoder, {}).pop(name, None)
        for waited_for in new.values():
            if not waited_for.done():
                waited_for.set_exception(error)
        raise


_remembered: WeakKeyDictionary[Encoder, dict[bytes, Future[Reading]]] = WeakKeyDictionary()
_lock = threading.Lock()
_ahead = ThreadPoolExecutor(1, "foresee")


class SharedEncoder:
    """Opens the encoder at first use, once; None, not an error, where it cannot be opened: search is then lexical."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.why = folder, ""
        self._encoder: Encoder | None = None
        self._tried = NEVER
        self._lock = threading.Lock()

    def get(self) -> Encoder | None:
        with self._lock:
            now = stamp(self.folder / MANIFEST)
            if now != self._tried:  # new, gone, or never tried
                self._tried = now
                try:
                    self._encoder, self.why = Encoder.open(self.folder, min(TOGETHER, os.cpu_count() or 1)), ""
                except NoEncoder as no:
                    self._encoder, self.why = None, str(no)
            return self._encoder


def _side_by_side(run: Callable[[list[int]], T], sequences: list[list[int]], workers: int) -> Iterator[T]:
    several = workers > 1 and len(sequences) > 1
    yield from _pool(workers).map(run, sequences) if several else map(run, sequences)


@cache
def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, "encode")


def _printable(text: str) -> str:
    # the tokenizer is Rust: it refuses lone surrogates
    return text.encode("utf-8", "replace").decode()
