"""A bundle as callers give it."""

import os
from typing import Any

from konomi.arguments import expect
from konomi.bundle.format import Bundle, load_bundle
from konomi.errors import BundleError


def bundle_from(given: Any) -> Bundle:
    """A bundle, or the one at a path; BundleError for anything else."""
    if isinstance(given, Bundle):
        return given
    hint = "Give what konomi.train_model or konomi.load_bundle gave, or its path."
    expect(given, str | os.PathLike, "a bundle", BundleError, hint)
    return load_bundle(given)
