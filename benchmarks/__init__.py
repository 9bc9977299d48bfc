"""What the README claims, measured."""

from knowledge import blas

blas.prepare()
