"""Whether an address answers 200: `python -m machine.answers URL`. The standard library alone, since it runs often."""

import sys
import urllib.error
import urllib.request

PATIENCE_SECONDS = 3.0


def unanswered(url: str, patience: float = PATIENCE_SECONDS) -> str | None:
    """Why the address does not answer; None where it does."""
    try:
        with urllib.request.urlopen(url, timeout=patience) as response:  # noqa: S310 - it is ours # nosec B310
            return None if response.status == 200 else f"{url} answers {response.status}"
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}"
    except (OSError, ValueError) as error:
        return f"{url} does not answer: {getattr(error, 'reason', None) or error or type(error).__name__}"


if __name__ == "__main__":
    if why := unanswered(sys.argv[1]):
        sys.exit(why)
