"""What every model promises, held against every model: the suite that `konomi.testing` offers to models from outside."""

import pytest

from konomi.models import MODELS
from konomi.testing import laws
from small_models import TRIALS


@pytest.mark.parametrize("law", [law for name in MODELS for law in laws(name, **TRIALS.get(name, {}))], ids=str)
def test_a_law(law):
    law()
