"""The whole service, started for a benchmark on free ports and stopped after it."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from channels.settings import Settings
from machine.ports import free_port

ROOT = Path(__file__).parent.parent
START_SECONDS = 120


@asynccontextmanager
async def running(settings: Mapping[str, str] = {}) -> AsyncIterator[tuple[str, dict[str, Any], float]]:
    """Its address, what the supervisor noted, and the seconds it took to start; `settings` are GUICHET_… by name."""
    port = free_port(0)
    chosen = {"GUICHET_PUBLIC_PORT": str(port), "GUICHET_MESSAGES_PER_MINUTE": "1000000", **settings}
    home = Path(chosen.get("GUICHET_HOME", Settings().home))
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "guichet", "up"), cwd=ROOT, env=os.environ | chosen, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                if b"Ready" in line:
                    break
            else:
                raise SystemExit("The service did not start; its error is above.")
        started = time.perf_counter() - began
        yield f"http://127.0.0.1:{port}", json.loads((home / "run" / "state.json").read_text()), started
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await process.wait()


def memory(state: dict[str, Any], home: Path) -> dict[str, float]:
    """Resident megabytes (10⁶ bytes) of each process; PostgreSQL's shared pages are counted once (PSS)."""
    processes = {"supervisor": state["pid"], **state["pids"]}
    used = {}
    for name, pid in processes.items():
        family = [psutil.Process(pid), *(psutil.Process(pid).children(recursive=True) if name != "supervisor" else [])]
        used[name] = round(sum(each.memory_info().rss for each in family) / 1e6, 1)
    postgres = [p for p in psutil.process_iter(["name"]) if p.info["name"] == "postgres" and _of(p, home)]
    used["postgres"] = round(sum(p.memory_full_info().pss for p in postgres) / 1e6, 1)
    used["total"] = round(sum(used.values()), 1)
    return used


def _of(process: psutil.Process, home: Path) -> bool:
    root = process
    while root.parent() and root.parent().name() == "postgres":
        root = root.parent()
    return str(home.resolve()) in " ".join(root.cmdline())
