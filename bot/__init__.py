"""The dialogue: a Rasa project, and what we put into it."""
