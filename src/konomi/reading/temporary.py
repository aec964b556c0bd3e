"""Reading temporary files in the place of others, which stay the ones that are named."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from konomi.data.table import Table
from konomi.errors import DataError


def read_for(origin: dict[Path, Path], paths: Sequence[Path], read: Callable[[Sequence[Path]], Table]) -> Table:
    """`read(paths)`; errors and `Table.files` name the origin of each temporary file, or of the folder that it lies in."""
    try:
        table = read(paths)
    except DataError as error:
        message = error.message
        for place in reversed(origin):  # …/10 before …/1
            message = message.replace(str(place), str(origin[place]))
        raise DataError(message, error.hint, error.field) from None
    named = (next((origin[place] for place in (file, *file.parents) if place in origin), file) for file in table.files)
    return dataclasses.replace(table, files=tuple(dict.fromkeys(named)))
