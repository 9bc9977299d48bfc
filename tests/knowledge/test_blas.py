"""BLAS is told what the processor has, unless the operator says otherwise."""

import os
import subprocess
import sys

import pytest

from knowledge import blas

CPU = "processor : 0\nflags : fpu sse3 {}\nprocessor : 1\nflags : none\n"


@pytest.mark.parametrize(
    ("flags", "kernels"), [("fma avx2 avx512f", "Haswell"), ("avx2", None), ("fma", None), ("", None)]
)
def test_the_kernels_are_those_that_the_processor_can_run(flags: str, kernels: str | None) -> None:
    assert blas.settings(CPU.format(flags)).get("OPENBLAS_CORETYPE") == kernels


def test_of_an_unknown_machine_only_the_threads_are_said() -> None:
    assert blas.settings("") == {"OPENBLAS_NUM_THREADS": "1"}


def test_what_the_operator_says_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"OPENBLAS_NUM_THREADS": "3", "OPENBLAS_CORETYPE": "Zen"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    blas.prepare()
    assert {name: os.environ[name] for name in told} == told


def test_the_command_says_it_before_numpy_is_loaded() -> None:
    told = "import sys, guichet; guichet.app = lambda: print('numpy' in sys.modules); guichet.main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS")}
    shown = subprocess.run(
        [sys.executable, "-c", f"{told}; import os; print(os.environ['OPENBLAS_NUM_THREADS'])"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.split() == ["False", "1"]
