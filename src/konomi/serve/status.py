"""The words for what somebody does with a title."""

from typing import Literal

Status = Literal["seen", "watching", "on hold", "dropped", "planned", "hidden", "hidden franchise"]
