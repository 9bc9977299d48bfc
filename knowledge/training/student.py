"""The student is the encoder that is trained: its teacher's copy, with tokens of its own for frequent French words."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

from knowledge.text import STOP, plain
from knowledge.training.pairs import Pair

TOKENS = 128
ENGLISH = 30_522  # tokens that the teacher has; those after them are French words
TOGETHER = 16  # texts that are read at one time
NEW_WORDS = 6000  # French words that become one token each, of those seen most often
SEEN = 30  # times, at least


def load(folder: Path) -> Any:
    """The sentence-transformers model in `folder`; nothing is asked of a hub."""
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = TOKENS
    return model


def vectors(student: Any, texts: list[str]) -> Any:
    """float32 tensor (texts, dim), each row of length 1, through which gradients flow; texts of like length are read
    together, so that little is padded."""
    import torch

    lengths = [len(ids) for ids in student.tokenizer(texts, truncation=True, max_length=TOKENS)["input_ids"]]
    order = sorted(range(len(texts)), key=lengths.__getitem__)
    found: list[Any] = [None] * len(texts)
    for at in range(0, len(order), TOGETHER):
        some = order[at : at + TOGETHER]
        features = student.tokenizer(
            [texts[i] for i in some], padding=True, truncation=True, max_length=TOKENS, return_tensors="pt"
        )
        out = student({"input_ids": features["input_ids"], "attention_mask": features["attention_mask"]})
        for i, vector in zip(some, out["sentence_embedding"].float(), strict=True):
            found[i] = vector
    return torch.nn.functional.normalize(torch.stack(found), dim=1)


def reading() -> AbstractContextManager[Any]:
    """Within it, texts are read in bfloat16 where that is faster: some processors need half the time for it, others more."""
    import torch

    faster = _seconds(torch.bfloat16) < _seconds(torch.float32)
    within: AbstractContextManager[Any] = torch.autocast("cpu", dtype=torch.bfloat16, enabled=faster)
    return within


@cache
def _seconds(kind: Any) -> float:
    """What a product takes, at best."""
    import torch

    texts, weights = torch.ones(2048, 384, dtype=kind), torch.ones(384, 1536, dtype=kind)
    taken = []
    for _ in range(5):
        begun = perf_counter()
        texts @ weights
        taken.append(perf_counter() - begun)
    return min(taken)


def widened(teacher: Path, folder: Path, french: Iterable[str], lexicon: Iterable[Pair] = ()) -> Any:
    """A copy of the teacher, in `folder`, in which the French words of the `lexicon`, and those most frequent in the
    `french` texts, are one token each.

    The teacher's tokenizer is English: it cuts "chomage" into "cho" and "##mage". A word of the lexicon begins where its
    English is, another one as the mean of its pieces; no English text has another vector than before.
    """
    import torch

    model = load(teacher)
    model.save(str(folder))
    file = folder / "tokenizer.json"
    about = json.loads(file.read_text())
    vocabulary: dict[str, int] = about["model"]["vocab"]
    seen_as = model.tokenizer.backend_tokenizer.normalizer.normalize_str
    meant: dict[str, list[str]] = {}
    for pair in lexicon:
        for word in _spellings(seen_as(pair.fr)):
            meant.setdefault(word, []).append(pair.en)
    seen = Counter(
        word for text in french for word in "".join(c if c.isalpha() else " " for c in seen_as(text)).split()
    )
    often = [word for word, times in seen.most_common() if times >= SEEN and len(word) > 3]
    frequent = [word for word in often if word not in vocabulary][:NEW_WORDS]
    every = dict.fromkeys([*meant, *(spelt for word in frequent for spelt in _spellings(word))])
    new = [word for word in every if word not in vocabulary]
    if not new:
        return load(folder)
    table = model[0].auto_model.embeddings.word_embeddings
    pieces = [_pieces(model, " ".join(map(_telling, meant.get(word, [word.replace("œ", "oe")])))) for word in new]
    rows = torch.stack([table.weight.data[ids].mean(0) for ids in pieces])
    wider = torch.nn.Embedding(len(vocabulary) + len(new), table.embedding_dim, padding_idx=table.padding_idx)
    wider.weight.data = torch.cat([table.weight.data, rows])
    model[0].auto_model.embeddings.word_embeddings = wider
    model[0].auto_model.config.vocab_size = len(vocabulary) + len(new)
    model.save(str(folder))
    about["model"]["vocab"] = vocabulary | {word: len(vocabulary) + n for n, word in enumerate(new)}
    file.write_text(json.dumps(about, ensure_ascii=False))
    (folder / "vocab.txt").write_text("\n".join(about["model"]["vocab"]) + "\n")
    return load(folder)


def _spellings(word: str) -> tuple[str, ...]:
    return (word, word.replace("œ", "oe")) if "œ" in word else (word,)


def _telling(english: str) -> str:
    """What is left of "they live" when words such as "they" are not: "live"."""
    return " ".join(word for word in plain(english).split() if word not in STOP["en"]) or english


def _pieces(model: Any, text: str) -> list[int]:
    found: list[int] = model.tokenizer(text, add_special_tokens=False)["input_ids"]
    return found
