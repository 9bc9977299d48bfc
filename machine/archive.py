"""The file of a backup: a packed tar, its owner's alone, with a manifest by which damage is noticed before any harm."""

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from machine.home import CannotStart
from machine.prepare import Progress

FORMAT = 1  # raise it when what is in the file changes so that an earlier version cannot bring it back
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 10_000_000  # bytes
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)

Manifest = dict[str, Any]


def pack(file: Path, contents: Mapping[str, Path], about: Mapping[str, Any], progress: Progress) -> None:
    """Write a file that did not exist, with `contents` by the names that they have in it; the manifest comes first.

    Raises OSError.
    """
    files: dict[str, dict[str, Any]] = {
        name: {"bytes": path.stat().st_size, "sha256": _digest(path)} for name, path in sorted(contents.items())
    }
    manifest = json.dumps({"guichet backup": FORMAT, **about, "files": files}, ensure_ascii=False, indent=1).encode()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as packed:
        with (
            gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as inner,
            tarfile.open(fileobj=inner, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            tar.addfile(_member(MANIFEST, len(manifest)), io.BytesIO(manifest))
            for done, (name, path) in enumerate(sorted(contents.items()), 1):
                with path.open("rb") as content:
                    tar.addfile(_member(name, files[name]["bytes"]), content)
                progress("pack", done, len(files))
        packed.flush()
        os.fsync(packed.fileno())


def read_manifest(file: Path) -> Manifest:
    """What the file says of itself, before the rest of it is looked at. Raises CannotStart where it is no backup."""
    try:
        with gzip.open(file, "rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            return _manifest(file, tar)
    except BROKEN as error:
        raise CannotStart(_foreign(file)) from error


def unpack(file: Path, folder: Path, fits: Callable[[Manifest], None], progress: Progress) -> Manifest:
    """Bring the contents into the folder; the manifest, of which `fits` may say by an error that it is not wanted.

    When this returns, all of it is as it was packed. Raises CannotStart where it is not, and OSError.
    """
    try:
        with gzip.open(file, "rb") as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                manifest = _manifest(file, tar)
                fits(manifest)
                expected = dict(manifest["files"])
                while (member := tar.next()) is not None:
                    says = expected.pop(member.name, None)
                    content = tar.extractfile(member)
                    if says is None or content is None:
                        raise CannotStart(_damaged(file, f"{member.name} does not belong in it"))
                    if _extract(content, folder / _inside(file, member.name)) != says["sha256"]:
                        raise CannotStart(_damaged(file, f"{member.name} is not what was packed"))
                    progress("unpack", len(manifest["files"]) - len(expected), len(manifest["files"]))
            while packed.read(1 << 20):  # its end has a checksum of the whole, the manifest included
                pass
    except BROKEN as error:
        raise CannotStart(_damaged(file, str(error) or type(error).__name__)) from error
    if expected:
        raise CannotStart(_damaged(file, f"{next(iter(expected))} is missing"))
    return manifest


def _manifest(file: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first and first.name == MANIFEST and first.size < LARGEST_MANIFEST else None
    try:
        found = json.loads(content.read()) if content else None
    except ValueError as error:
        raise CannotStart(_damaged(file, "its manifest cannot be read")) from error
    if not isinstance(found, dict) or "guichet backup" not in found:
        raise CannotStart(_foreign(file))
    if found["guichet backup"] != FORMAT:
        raise CannotStart(
            f"{file} was made by Guichet {found.get('guichet')}, in a form that this version does not know. "
            "Install that version, or a later one, and restore it with that."
        )
    return found


def _extract(content: Any, to: Path) -> str:
    """Write a file that is not there yet; its digest."""
    to.parent.mkdir(parents=True, exist_ok=True)
    found = hashlib.sha256()
    with to.open("xb") as file:
        while part := content.read(1 << 20):
            found.update(part)
            file.write(part)
    return found.hexdigest()


def _inside(file: Path, name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise CannotStart(_damaged(file, f"{name} leads out of it"))
    return path


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _digest(path: Path) -> str:
    file: BinaryIO
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _foreign(file: Path) -> str:
    return (
        f"{file} is not a backup of Guichet, or its beginning is damaged. Name a file that `guichet backup` has made."
    )


def _damaged(file: Path, how: str) -> str:
    return f"{file} is damaged ({how}). Nothing was changed. Restore from another backup, or from another copy of it."
