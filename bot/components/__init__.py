"""Our parts inside Rasa: what a message brings with it, its features, and where conversations are kept."""
