"""BLAS multiplies vectors for numpy: in one thread, with the instructions that the processor has."""

import os
from pathlib import Path

CPU = Path("/proc/cpuinfo")
NEEDED = {"avx2", "fma"}  # by OpenBLAS's kernels that are called Haswell


def settings(cpu: str) -> dict[str, str]:
    """OpenBLAS's environment for a processor that says `cpu` of itself; docs/decisions/0021 measures what it is worth.

    More threads go on turning for a while after each product, in the encoder's way. And what numpy's OpenBLAS does not know,
    as any processor that came after it, it takes for one of 2004.
    """
    flags = next((line.split() for line in cpu.splitlines() if line.startswith("flags")), [])
    return {"OPENBLAS_NUM_THREADS": "1"} | ({"OPENBLAS_CORETYPE": "Haswell"} if NEEDED.issubset(flags) else {})


def prepare() -> None:
    """To be called before numpy is loaded, and inherited by processes that this one starts. What the operator says
    otherwise holds."""
    try:
        with CPU.open() as file:
            cpu = file.read(1 << 14)
    except OSError:
        cpu = ""
    for name, value in settings(cpu).items():
        os.environ.setdefault(name, value)
