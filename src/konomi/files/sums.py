"""Checksums as publishers write them, "sha256:…" or "md5:…"; md5 tells a damaged file, not a forged one."""

import hashlib
import re
from pathlib import Path

from konomi.errors import ConfigError
from konomi.files.regular import open_regular

FORM = re.compile(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}")


def check_sum(value: object, origin: str) -> None:
    """ConfigError, with the place, for a text that is no checksum."""
    if not isinstance(value, str) or not FORM.fullmatch(value):
        raise ConfigError(
            f"{origin}: {value!r:.80} is no checksum.", "Write it as in sha256:…, with 64 digits, or md5:…, with 32."
        )


def sum_like(path: Path, wanted: str) -> str:
    """The checksum of a file by the algorithm of another checksum. OSError where it cannot be read."""
    algorithm = wanted.partition(":")[0]
    with open_regular(path) as file:
        return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
