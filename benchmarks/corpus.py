"""A corpus of any size for measuring: real English texts, recombined, with vectors mixed as their texts are.

Nothing of it is kept but in .guichet/. What is really encoded is a pool of some 20,000 texts: the service inventory, the
bundled content, the passages of the BEIR folders in ../shared/data, and segments of federal law. A passage is half of one
text of the pool, half of another that is near it, and a segment of law; its vector is the same mixture of their vectors
with noise, because a million texts would take two hours to encode. So word statistics and neighbourhoods resemble real
ones, and what is found where says nothing about quality.
"""

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from knowledge.arrays import Floats, Integers
from knowledge.document import Document, Section
from knowledge.encoder import Encoder
from knowledge.finding.index import Texts
from knowledge.passage import passages
from knowledge.sources import inventory, read
from knowledge.text import clean, sentences

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
LAW = 12_000  # segments
NEAR = 16  # neighbours among which a text's other half is chosen
MIXTURE = (0.62, 0.45, 0.25)  # of the text, its neighbour and the law
NOISE = 0.35  # length of the noise beside a mixture of about 1: passages lie as near each other as those of the pool


@dataclass(frozen=True, slots=True)
class Pool:
    """Texts, (title, text), those of law last; their vectors; the nearest others of those that are not law."""

    texts: list[tuple[str, str]]
    vectors: Floats
    near: Integers

    @property
    def pages(self) -> int:
        """How many of the texts are no law."""
        return len(self.near)


@dataclass(frozen=True, slots=True)
class Questions:
    texts: list[str]
    vectors: Floats


def pool(encoder: Encoder, folder: Path) -> Pool:
    """Gathered, encoded once and kept in `folder`."""
    pages = list(dict.fromkeys(_pages()))
    law = [("", text) for text in _law()]
    texts = [*pages, *law]
    vectors = _encoded(
        [f"{title}\n{text}".strip() for title, text in texts], encoder, folder / f"pool-{encoder.fingerprint}.npy"
    )
    own = vectors[: len(pages)]
    near = np.vstack(
        [np.argpartition(-(own[at : at + 1000] @ own.T), NEAR, 1)[:, :NEAR] for at in range(0, len(own), 1000)]
    )
    return Pool(texts, vectors, near)


def questions(encoder: Encoder, folder: Path, count: int = 600) -> Questions:
    """What citizens asked in the development sets, encoded once."""
    names = ("qc_covidfaq_en", "doc2dial_val_plus", "gc_services_en2en", "or_sharc_dev")
    asked = [json.loads(line)["text"] for name in names for line in (DATA / name / "queries.jsonl").open()]
    chosen = random.Random(5).sample(sorted(set(asked)), count)
    return Questions(chosen, _encoded(chosen, encoder, folder / f"questions-{encoder.fingerprint}.npy"))


@dataclass(frozen=True, slots=True)
class Page:
    """`mixed` are, for each part, the texts of the pool that it is mixed of."""

    title: str
    parts: list[str]
    mixed: list[tuple[int, int, int]]


def pages(pool: Pool, size: int) -> Iterator[Page]:
    """`size` parts in pages of 1 to 12; those of a smaller corpus come first in a larger one."""
    chance = random.Random(1)
    cut = [[text[start:end] for start, end in sentences(text)] for _, text in pool.texts]
    while size:
        own = chance.randrange(pool.pages)
        page = Page(pool.texts[own][0], [], [])
        for _ in range(min(1 + int(chance.expovariate(0.4)), 12, size)):
            other, law = int(pool.near[own, chance.randrange(NEAR)]), chance.randrange(pool.pages, len(pool.texts))
            half = [s for s in cut[own] if chance.random() < 0.5], [s for s in cut[other] if chance.random() < 0.5]
            page.parts.append(" ".join([*half[0], *half[1], pool.texts[law][1]]))
            page.mixed.append((own, other, law))
        size -= len(page.parts)
        yield page


def texts(pool: Pool, size: int) -> tuple[Texts, Floats]:
    """`size` passages as an index takes them, and their vectors."""
    rows, document, whole, mixed = list[str](), list[int](), list[str](), list[tuple[int, int, int]]()
    for number, page in enumerate(pages(pool, size)):
        rows += [f"{page.title}\n{part}" for part in page.parts]
        document += [number] * len(page.parts)
        whole.append("\n".join([page.title] * 3 + page.parts))
        mixed += page.mixed
    return Texts(rows, range(size), document, whole, [False] * len(whole)), _mixed(pool.vectors, np.array(mixed))


def documents(pool: Pool, size: int) -> list[Document]:
    """About `size` passages as a source has them: a section for each part."""
    return [
        Document(
            f"page/{number}",
            "en",
            page.title or "Law",
            "Somebody",
            tuple(Section((f"Part {n}",), part) for n, part in enumerate(page.parts)),
        )
        for number, page in enumerate(pages(pool, size))
    ]


def _mixed(vectors: Floats, mixed: Integers) -> Floats:
    found = np.empty((len(mixed), vectors.shape[1]), np.float32)
    chance = np.random.default_rng(1)
    for at in range(0, len(mixed), 50_000):
        part = mixed[at : at + 50_000]
        noise = chance.standard_normal((len(part), vectors.shape[1]), np.float32)
        made = sum(share * vectors[part[:, n]] for n, share in enumerate(MIXTURE))
        made = made + NOISE / vectors.shape[1] ** 0.5 * noise
        found[at : at + len(part)] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return found


def _pages() -> Iterator[tuple[str, str]]:
    services = inventory.read(DATA / "service_inventory_2024.csv", lambda _: None)
    for document in (*services, *read(ROOT / "knowledge" / "content")):
        if document.language == "en":
            yield from ((document.title, passage.text) for passage in passages(document))
    for name in ("qc_covidfaq_en", "doc2dial_val_plus", "or_sharc_dev"):
        for line in (DATA / name / "corpus.jsonl").open():
            found = json.loads(line)
            yield found.get("title", ""), clean(found["text"])[:900]


def _law() -> list[str]:
    with gzip.open(DATA / "laws_en_fr.tsv.gz", "rt") as lines:
        found = [english for line in lines if len(english := line.split("\t")[0]) > 60]
    return random.Random(1).sample(found, LAW)


def _encoded(texts: list[str], encoder: Encoder, kept: Path) -> Floats:
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(
            kept,
            np.vstack([encoder.encode([text])[0] for text in track(texts, "encode", console=Console(stderr=True))]),
        )
    return np.asarray(np.load(kept))
