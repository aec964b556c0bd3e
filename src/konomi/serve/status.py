"""Words that what is asked and what is answered have in common."""

from typing import Literal

Status = Literal["seen", "watching", "on hold", "dropped", "planned", "hidden", "hidden franchise"]
"""What somebody does with a title."""

How = Literal["warm", "whole"]
"""How a model is trained: from the one before, or anew."""

State = Literal["waiting", "running", "done", "failed", "cancelled"]
"""Of a training."""

Changed = Literal["stored", "same"]
"""What became of what was said of an item."""
