"""Trains the bot from this folder into $GUICHET_HOME/bot/bot.tar.gz, unless it was trained from just these files before."""

import hashlib
import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
MODEL, DIGEST = "bot.tar.gz", "trained-from"


def train(home: Path) -> Path:
    """The model's path; `home` is $GUICHET_HOME, where the encoder must be. Raises NoEncoder, and what Rasa raises."""
    model, note = home / "bot" / MODEL, home / "bot" / DIGEST
    digest = fingerprint(home)
    if model.exists() and note.exists() and note.read_text() == digest:
        return model
    os.environ |= {"GUICHET_HOME": str(home), "RASA_TELEMETRY_ENABLED": "false", "TQDM_DISABLE": "1"}
    from rasa import train as rasa_train
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    note.unlink(missing_ok=True)
    made = rasa_train(
        str(HERE / "domain"),
        str(HERE / "config.yml"),
        [str(HERE / "data")],
        output=str(model.parent),
        fixed_model_name=MODEL.removesuffix(".tar.gz"),
        force_training=True,
    )
    if made.model is None:
        raise RuntimeError("Rasa did not train the bot; its messages above say why.")
    note.write_text(digest)
    return model


def fingerprint(home: Path) -> str:
    """Of everything that a model is made from: the files of this folder, and the encoder."""
    from knowledge import Encoder

    digest = hashlib.sha256(Encoder.open(home / "encoder").fingerprint.encode())
    for file in sorted(HERE.rglob("*")):
        if file.suffix in (".yml", ".py"):
            digest.update(file.relative_to(HERE).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    print(train(Path(sys.argv[1])))
