"""Answering goes from what was found to what is said: a quoted answer, which is meant, where to look, or an honest no."""
