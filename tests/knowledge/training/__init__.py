"""Tests of how the bundled encoder is trained."""
