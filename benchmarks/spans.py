"""Questions whose answer is a known span of a passage: Doc2Dial's, and French ones that the turns before them hold."""

import json
import random
import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knowledge.finding.evaluate import Question, read
from knowledge.text import words

LONGEST = 900  # characters of a French passage, which is made of paragraphs that stand beside each other
NEAR = 0.8  # of an answer's words: what a paragraph must have to be where it was taken from
FEWEST = 4  # words in which something is answered
ARTICLES = frozenset("a an the le la les un une des".split())
_PUNCTUATION = str.maketrans("", "", string.punctuation + "«»“”’…–—")


@dataclass(frozen=True, slots=True)
class Asked:
    """`passage`, of the document `title`, has the answer; `gold` is its words. The halves, 0 and 1, share nothing."""

    language: str
    question: Question
    title: str
    passage: str
    gold: str
    half: int


def english(folder: Path) -> Iterator[Asked]:
    """Doc2Dial: the halves are by dialogue. Raises NotAFolder."""
    corpus, questions = read(folder)
    lines = map(json.loads, (folder / "queries.jsonl").read_text().splitlines())
    answers = {line["_id"]: line["answer"] for line in lines}
    dialogues: dict[str, int] = {}
    for question in questions:
        half = dialogues.setdefault(question.id.rsplit("_", 1)[0], len(dialogues)) % 2
        gold = next(iter(question.relevant))
        yield Asked("en", question, corpus[gold]["title"], corpus[gold]["text"], answers[question.id], half)


def french(folder: Path, seed: int = 3) -> Iterator[Asked]:
    """What was asked and answered before the questions of frdoc2bot, where the answer is nearly a paragraph's own words.

    The passage is that paragraph with those around it, as many as fit. The halves are by article. Raises NotAFolder.
    """
    corpus, questions = read(folder)
    order, chance = list(corpus), random.Random(seed)
    articles: dict[str, list[int]] = {}
    for number, name in enumerate(order):
        articles.setdefault(corpus[name]["title"], []).append(number)
    bags = [Counter(words(corpus[name]["text"], "fr")) for name in order]
    halves = {title: number % 2 for number, title in enumerate(sorted(articles))}
    seen = set[tuple[str, str]]()
    for question in questions:
        title = corpus[next(iter(question.relevant))]["title"]
        for at, (said, answered) in enumerate(zip(question.history, question.history[1:], strict=False)):
            pair = said.removeprefix("user: "), answered.removeprefix("agent: ")
            if not (said.startswith("user: ") and answered.startswith("agent: ")) or pair in seen:
                continue
            seen.add(pair)
            bag = Counter(words(pair[1], "fr"))
            shared = {n: (bag & bags[n]).total() for n in articles[title]}
            best = max(shared, key=lambda n: (shared[n], -len(corpus[order[n]]["text"])))
            if bag.total() < FEWEST or shared[best] < NEAR * bag.total():
                continue
            first, last = _around(best, articles[title], [len(corpus[name]["text"]) for name in order], chance)
            passage = "\n\n".join(corpus[order[n]]["text"] for n in range(first, last + 1))
            asked = Question("", pair[0], question.history[:at], {})
            yield Asked("fr", asked, title, passage, pair[1], halves[title])


def _around(best: int, article: list[int], sizes: list[int], chance: random.Random) -> tuple[int, int]:
    first = last = best
    size = sizes[best]
    while beside := [n for n in (first - 1, last + 1) if n in article]:
        added = chance.choice(beside)
        size += sizes[added]
        if size > LONGEST:
            break
        first, last = min(first, added), max(last, added)
    return first, last


def overlap(said: str, gold: str) -> tuple[float, float, float]:
    """Token F1, precision and recall as SQuAD has them: without case, punctuation or articles."""
    a, b = tokens(said), tokens(gold)
    both = (Counter(a) & Counter(b)).total()
    if not both:
        return 0.0, 0.0, 0.0
    precision, recall = both / len(a), both / len(b)
    return 2 * precision * recall / (precision + recall), precision, recall


def tokens(text: str) -> list[str]:
    """As they are compared."""
    return [word for word in text.lower().translate(_PUNCTUATION).split() if word not in ARTICLES]


def place(text: str, gold: str) -> tuple[int, int]:
    """Where `gold` stands in `text`, whatever the spaces between words; (0, 0) where it does not."""
    found = re.search(r"\s*".join(map(re.escape, "".join(gold.split()))), text) if gold.split() else None
    return found.span() if found else (0, 0)
