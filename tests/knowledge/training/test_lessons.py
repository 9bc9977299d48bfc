"""A few steps on a few pairs move French to where the teacher has the English, and a run that was ended goes on."""

from pathlib import Path

import numpy as np
import pytest

from knowledge.export import bundled_teacher
from knowledge.training.asks import Ask
from knowledge.training.distil import Recipe, distil
from knowledge.training.lesson import pace
from knowledge.training.pairs import Pair, written
from knowledge.training.student import ENGLISH, load, vectors, widened

CITIZENS = Path(__file__).resolve().parents[3] / "knowledge" / "training" / "citizens-a.tsv"


def test_the_pace_rises_and_falls() -> None:
    assert [round(pace(done, 0.1), 2) for done in (0.0, 0.05, 0.1, 0.55, 1.0)] == [0, 0.5, 1, 0.5, 0]


def test_texts_are_read_in_packs_and_come_back_in_their_order() -> None:
    import torch

    student = load(bundled_teacher()).eval()
    texts = [" ".join(["how", "much", "is", "it", str(n)][: 1 + n % 5] * (1 + n * 7 % 40)) for n in range(40)]
    with torch.inference_mode():
        found = vectors(student, texts).numpy()
    alone = np.stack([student.encode(text, normalize_embeddings=True) for text in texts])
    assert np.allclose(found, alone, atol=1e-5)


def test_a_word_of_the_lexicon_is_one_token_that_begins_at_its_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knowledge.training.student.NEW_WORDS", 1)
    teacher = load(bundled_teacher())
    lexicon = [Pair("climate", "climatique"), Pair("they work, work", "œuvrent"), Pair("service", "service")]
    student = widened(bundled_teacher(), tmp_path / "student", ["service service chômage"] * 30, lexicon)
    assert student.tokenizer.tokenize("Climatique, ils œuvrent, oeuvrent: le chomage du service") == [
        "climatique", ",", "il", "##s", "œuvrent", ",", "oeuvrent", ":", "le", "chomage", "du", "service",
    ]  # fmt: skip
    assert len(student.tokenizer) == ENGLISH + 4 == len(teacher.tokenizer) + 4

    def near(one: str, other: str) -> float:
        return float(student.encode(one, normalize_embeddings=True) @ student.encode(other, normalize_embeddings=True))

    assert near("climatique", "climate") > 0.999
    assert near("œuvrent", "work") > 0.999, "words such as 'they' say nothing of it"
    english = "Where is the service for unemployment?"
    assert np.allclose(student.encode(english), teacher.encode(english), atol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_student_learns_french_and_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge.training import lesson, retrieve

    monkeypatch.setattr(lesson, "CHECKPOINT_STEPS", 6)
    pairs: list[Pair] = list(written(CITIZENS, often=2))[:48]
    teacher = load(bundled_teacher())
    english = teacher.encode([p.en for p in pairs], normalize_embeddings=True)

    def near(folder: Path) -> float:
        return float((load(folder).encode([p.fr for p in pairs], normalize_embeddings=True) * english).sum(1).mean())

    before = float((teacher.encode([p.fr for p in pairs], normalize_embeddings=True) * english).sum(1).mean())
    recipe, told = Recipe(rounds=2, batch=8, slips=0), list[tuple[str, int, int]]()

    def stop(step: str, done: int, total: int) -> None:
        told.append((step, done, total))
        if step == "learn French" and done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distil(pairs, [], bundled_teacher(), tmp_path, recipe, stop)
    told.clear()
    student = distil(pairs, [], bundled_teacher(), tmp_path, recipe, lambda *step: told.append(step))
    assert told[0] == ("learn French", 7, 24), "neither the teacher's vectors nor the first steps are made again"
    assert near(student) > before + 0.05

    monkeypatch.setattr(retrieve, "STEPS", 2)
    asks = [Ask(p.fr, p.en, str(n)) for n, p in enumerate(pairs)]
    taught = retrieve.retrieve(asks, pairs, bundled_teacher(), tmp_path, recipe)
    assert near(taught) > before + 0.05
    assert np.isfinite(load(taught).encode(["école"])).all()
