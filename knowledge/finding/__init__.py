"""Finding goes from a question, alone or in its conversation, to the passages that answer it, best first."""
