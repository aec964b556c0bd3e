"""Tables of reports on the terminal, each within a line of it."""

from typing import TYPE_CHECKING

from konomi.cli.console import show, table

if TYPE_CHECKING:
    from rich.table import Table

    from konomi.report.tables import Grid

WIDTH = 80  # characters of a line; a table of more columns goes on below


def show_in_lines(grid: "Grid") -> None:
    """A table, as often as it takes with the next columns that fit a line; its heads stand before each."""
    widths = [2 + max(len(row[n]) for row in (grid.columns, *grid.rows)) for n in range(len(grid.columns))]
    lines, left = list[list[str]](), 0
    for name, width in zip(grid.columns[grid.heads :], widths[grid.heads :], strict=True):
        if width > left:
            lines.append([])
            left = WIDTH - sum(widths[: grid.heads]) - 2
        lines[-1].append(name)
        left -= width
    for n, line in enumerate(lines):
        show(as_table(grid.only(line), None if n == 0 else ""))


def as_table(grid: "Grid", title: str | None = None) -> "Table":
    """A grid as a table of the terminal."""
    return table(grid.title if title is None else title, grid.columns, grid.rows, grid.columns[grid.heads :])
