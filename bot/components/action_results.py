"""Lets Rasa check the shape of what an action returned without spending most of the turn on it.

Rasa calls `jsonschema.validate` with every action's result, which checks the whole schema of all events before it checks
anything against it: four fifths of a turn. The results are our own action server's, and Rasa makes events of them right
afterwards, which fails for what is none. Nothing else of Rasa is replaced.
"""

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rasa.core.actions.action import RemoteAction

_EVENTS = {"type": "array", "items": {"type": "object", "required": ["event"]}}
_RESPONSES = {"type": "array", "items": {"type": "object"}}
_CHECKER = Draft202012Validator({"type": "object", "properties": {"events": _EVENTS, "responses": _RESPONSES}})


def check(action: RemoteAction, result: Any) -> bool:
    """True for a result that is as agreed. Raises jsonschema.ValidationError."""
    if error := best_match(_CHECKER.iter_errors(result)):
        raise error
    return True


RemoteAction._validate_action_result = check
