"""Words for what becomes of things in a store, which clients know, too."""

from typing import Literal

How = Literal["warm", "whole"]
"""How a training begins: from the model before, or anew."""

State = Literal["waiting", "running", "done", "failed", "cancelled"]
"""Of a training."""

ItemOutcome = Literal["stored", "same"]
"""What became of what was said of an item."""
