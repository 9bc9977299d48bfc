"""What the README claims, measured."""

"""What the README claims, measured."""
