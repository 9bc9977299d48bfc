"""Marks in Redis that forbid sending to a conversation: to who said stop, and by the bot to whom a person answers."""


def stop_key(key: str) -> str:
    """The mark on the conversation of that key that nothing may be sent."""
    return f"stopped:{key}"


def claim_key(key: str) -> str:
    """The mark on the conversation of that key that the bot may send nothing."""
    return f"claimed:{key}"


BELL = "desk:bell"
"""Channel of Redis on which the desk's apps hear what happened, as JSON: {"case": 7}, {"typing": 7} …"""
