"""The models of a service and its trainings, for the scope models."""

import time

from konomi.client.calls import Calls
from konomi.client.rows import segment
from konomi.serve.model_replies import Activated, Cancelled, Model, Training
from konomi.serve.store.kinds import How

LOOK = 1.0  # seconds between two looks at a training


class Models:
    """The models of a service."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self) -> tuple[Model, ...]:
        """The models, the newest first, and how each stood to the one that was served."""
        return self._calls.get("/v1/models", tuple[Model, ...])

    def activate(self, id: str) -> Activated:
        """Let a model answer, whatever the comparison said. `NotThere` where there is none."""
        return self._calls.ask("POST", f"/v1/models/{segment(id, 'model')}/activate", Activated, repeat=True)

    def roll_back(self) -> Activated:
        """Let the model before the one that answers answer again; it is not repeated, since that would go back twice."""
        return self._calls.ask("POST", "/v1/models/rollback", Activated, repeat=False)

    def train(self, how: How = "warm") -> Training:
        """Train from what the store has; where a training waits already, it is that one."""
        return self._calls.post("/v1/train", Training, {"how": how})

    def trainings(self) -> tuple[Training, ...]:
        """The trainings that wait, run or were lately, the newest first."""
        return self._calls.get("/v1/jobs", tuple[Training, ...])

    def training(self, id: int) -> Training:
        """What has become of a training so far. `NotThere` where there is none."""
        return self._calls.get(f"/v1/jobs/{id}", Training)

    def wait(self, id: int, within: float = 3600.0) -> Training:
        """A training once it has ended, or as it is after so many seconds."""
        end = time.monotonic() + within
        while (job := self.training(id)).ended is None and time.monotonic() < end:
            time.sleep(LOOK)
        return job

    def cancel(self, id: int) -> Cancelled:
        """Cancel a training; nothing of it stays. `NotThere` where there is none."""
        return self._calls.ask("DELETE", f"/v1/jobs/{id}", Cancelled)
