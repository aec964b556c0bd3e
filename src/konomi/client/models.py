"""Models and trainings, for whoever has the scope models."""

from konomi.client.calls import Calls
from konomi.client.rows import segment
from konomi.serve.model_replies import Activated, Cancelled, Model, Training
from konomi.serve.status import How


class Models:
    """The models that a service has."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self) -> tuple[Model, ...]:
        """All models, the newest first, and how each stood to the one that was served."""
        return self._calls.get("/v1/models", tuple[Model, ...])

    def activate(self, id: str) -> Activated:
        """Let a model answer, whatever the comparison said."""
        return self._calls.post(f"/v1/models/{segment(id, 'model')}/activate", Activated, {})

    def roll_back(self) -> Activated:
        """Let the model before the one that answers answer again. It is not repeated, which would go back further."""
        return self._calls.post("/v1/models/rollback", Activated, {}, repeat=False)

    def train(self, how: How = "warm") -> Training:
        """Train from what the store has: from the served model, or anew. It is not repeated."""
        return self._calls.post("/v1/train", Training, {"how": how}, repeat=False)

    def trainings(self) -> tuple[Training, ...]:
        """The trainings that wait, run or were lately, the newest first."""
        return self._calls.get("/v1/jobs", tuple[Training, ...])

    def training(self, id: int) -> Training:
        """What has become of a training so far."""
        return self._calls.get(f"/v1/jobs/{id}", Training)

    def cancel(self, id: int) -> Cancelled:
        """Cancel a training that waits or runs."""
        return self._calls.ask("DELETE", f"/v1/jobs/{id}", Cancelled)
