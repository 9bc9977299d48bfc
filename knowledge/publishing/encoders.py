"""Encoders are kept beside the snapshots that they made, so that an answer can be made again when another is in use."""

import json
import logging
import os
import shutil
import time
from pathlib import Path

from knowledge.encoder import MANIFEST, MODEL, TOKENIZER

KEPT = ".encoders"
LEFT_SECONDS = 86400  # after which what was begun is taken for left behind

_log = logging.getLogger("knowledge")


def kept_at(home: Path, fingerprint: str) -> Path:
    """The folder of an encoder that is kept; it need not be there."""
    return home / "knowledge" / KEPT / Path(fingerprint).name


def keep(home: Path) -> None:
    """Keep the encoder in use, if it has made a snapshot. It takes no room of its own as long as it is in use, where the
    disk has hard links; where there is no room, nothing is kept."""
    shelf, used = home / "knowledge", home / "encoder"
    try:
        fingerprint = str(json.loads((used / MANIFEST).read_text())["sha256"])[:16]
    except (OSError, ValueError, KeyError, TypeError):
        return
    target = kept_at(home, fingerprint)
    if target.exists() or fingerprint not in _makers(shelf):
        return
    scratch = target.with_name(f".{fingerprint}-{os.getpid()}")
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        for name in (MODEL, TOKENIZER, MANIFEST):
            _share(used / name, scratch / name)
        scratch.rename(target)
    except OSError as why:
        _log.warning("The encoder %s is not kept for answers on record: %s", fingerprint, why)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def sweep(shelf: Path) -> None:
    """Delete the encoders that have made none of the snapshots that are left."""
    if not (shelf / KEPT).is_dir():
        return
    makers = _makers(shelf)
    for folder in (shelf / KEPT).iterdir():
        begun = folder.name.startswith(".") and folder.stat().st_mtime > time.time() - LEFT_SECONDS
        if folder.name not in makers and not begun:
            shutil.rmtree(folder, ignore_errors=True)


def _makers(shelf: Path) -> set[str]:
    """Fingerprints of the encoders that made the snapshots that are there."""
    found = set()
    for manifest in shelf.glob("[!.]*/manifest.json"):
        try:
            found.add(str(json.loads(manifest.read_text())["encoder"]))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # what cannot be read cannot be asked
    return found


def _share(file: Path, copy: Path) -> None:
    try:
        os.link(file, copy)
    except OSError:  # another disk, or one without links
        shutil.copyfile(file, copy)
