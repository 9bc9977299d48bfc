"""A file of JSON, read within bounds, so that no file can take the memory or the time of whoever reads it."""

import json
from pathlib import Path
from typing import Any

from knowledge.sources.problem import Problem, SourceError

LARGEST = 256 * 1024 * 1024  # bytes


def load(path: Path) -> Any:
    """What the file says. Raises SourceError where it cannot be read, is too large or too deep, or is no JSON."""
    try:
        if path.stat().st_size > LARGEST:
            cause = f"The file is larger than {LARGEST // 2**20} MiB."
            raise SourceError(Problem(path, cause, "Publish it in several files."))
        return json.loads(path.read_bytes())  # in UTF-8, UTF-16 or UTF-32, with or without a mark
    except OSError as error:
        cause = f"The file cannot be read: {error.strerror}."
        raise SourceError(Problem(path, cause, "Check its name and who may read it.")) from error
    except UnicodeDecodeError as error:
        raise SourceError(Problem(path, "The file is not in UTF-8.", "Save it as UTF-8.")) from error
    except json.JSONDecodeError as error:
        cause = f"The file is no JSON: {error.msg} (column {error.colno})."
        raise SourceError(Problem(path, cause, "Publish it again, whole.", error.lineno)) from error
    except RecursionError as error:
        raise SourceError(Problem(path, "The file's values are nested too deep.", "Publish it flat.")) from error
    except ValueError as error:  # a number with thousands of digits
        raise SourceError(Problem(path, f"The file cannot be read: {error}.", "Correct the value.")) from error
