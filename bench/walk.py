"""Runs what docs/recommend.md shows and writes what comes out beneath it, so that the document is what the program says.

    python bench/walk.py [--check]

Every ```sh block is run, every ```console block command by command in a terminal 100 columns wide (```console results: without
stderr), every ```pycon block statement by statement. The table of the dials is that of bench/dials.py. The person is one of
those in the ratings of bench/caserec_split.py, left out of training and written as MyAnimeList exports a list; `konomi ask` is
answered by them. The ratings have no statuses: those of `DROPPED` and `PLANNED` are made up.
With --check nothing is written, and it fails where anything differs.
"""

import argparse
import contextlib
import difflib
import doctest
import io
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl

import caserec_split
from measure import BENCH, KONOMI, OUT

ROOT = BENCH.parent
PAGE, RATINGS, CATALOGUE = ROOT / "docs" / "recommend.md", ROOT / caserec_split.RATINGS, ROOT / caserec_split.CATALOGUE
PERSON, DROPPED = 680, 11757  # Sword Art Online
PLANNED = [457, 7785, 9253, 34599]  # Mushishi, Yojouhan Shinwa Taikei, Steins;Gate, Made in Abyss
ENTRY = """<anime><series_animedb_id>{MAL_ID}</series_animedb_id><series_title>{title}</series_title>
<series_type>{Type}</series_type><my_score>{rating}</my_score><my_status>{status}</my_status></anime>
"""
BLOCK = re.compile(r"^```(sh|console|console results|pycon)\n(.*?)^```\n", re.M | re.S)
DIALS = re.compile(r"(?<=<!-- dials -->\n).*?(?=<!-- -->)", re.S)
QUESTION = re.compile(r"^\d+\. ([^\r\n]+?)(?: \([^()\r\n]*\))?\r?\n> \Z", re.M)
TERMINAL = {**os.environ, "COLUMNS": "100", "TERM": "xterm", "PATH": f"{KONOMI[0].parent}:{os.environ['PATH']}"}


def export(ratings: Path, list_: Path) -> dict[str, int]:
    """Write the ratings of everybody else, and the person's list; their ratings by title."""
    everybody, own = pl.read_csv(RATINGS), pl.col("user_id") == PERSON
    everybody.filter(~own).write_csv(ratings)
    rated = dict(everybody.filter(own).select("anime_id", "rating").rows())
    rows = pl.read_csv(CATALOGUE, infer_schema=False).select(pl.col("MAL_ID").cast(pl.Int64), "Name", "Type").to_dicts()
    entries = []
    for row in (row for row in rows if row["MAL_ID"] in {*rated, *PLANNED}):
        status = {**dict.fromkeys(PLANNED, "Plan to Watch"), DROPPED: "Dropped"}.get(row["MAL_ID"], "Completed")
        entries.append(ENTRY.format(**row, title=escape(row["Name"]), rating=rated.get(row["MAL_ID"], 0), status=status))
    list_.write_text(f"<myanimelist>\n{''.join(entries)}</myanimelist>\n", "utf-8")
    return {row["Name"]: rated[row["MAL_ID"]] for row in rows if row["MAL_ID"] in rated}


def said(command: str, remarks: bool) -> str:
    """What a command prints: its results and, if wanted, its remarks, as they come."""
    other = subprocess.STDOUT if remarks else subprocess.DEVNULL
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": other}
    return subprocess.run(command, shell=True, env=TERMINAL, text=True, check=False, **pipes).stdout


def talk(command: str, ratings: dict[str, int]) -> str:
    """What is seen of a command that asks about titles, and what the person answers."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, shell=True, env=TERMINAL, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # how the end of a terminal shows
        while part := os.read(ours, 1 << 16):
            seen += part
            if asked := QUESTION.search(seen.decode(errors="replace")):
                os.write(ours, f"{ratings.get(asked[1], '')}\n".encode())
    process.wait()
    return re.sub(r"\r|\x1b\[[0-9;]*m", "", seen.decode())


def shell(block: str, ratings: dict[str, int], remarks: bool) -> str:
    """The commands of a block, and beneath each what it prints now."""
    parts = []
    for command in (line[2:] for line in block.splitlines() if line.startswith("$ ")):
        asks = re.match(r"konomi ask(?!.*--json)", command)
        text = talk(command, ratings) if asks else said(command, remarks)
        parts.append(f"$ {command}\n{text.strip(chr(10))}".rstrip())
    return re.sub(r" +$", "", "\n\n".join(parts), flags=re.M) + "\n"


def python(block: str, names: dict[str, object]) -> str:
    """The statements of a block, and beneath each what it shows now."""
    parts = []
    for example in doctest.DocTestParser().get_examples(block):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            exec(compile(example.source, "<walk>", "single"), names)
        parts.append(">>> " + example.source.rstrip().replace("\n", "\n... ") + "\n" + shown.getvalue())
    return "".join(parts)


def dials() -> str:
    """What each dial costs and buys, at 0, at a half and at 1."""
    found = json.loads((OUT / "dials.json").read_text())
    gains = {"love": "average", "niche": "novelty", "diverse": "diversity", "calibrate": "mismatch"}
    lines = ["| dial | NDCG@10 at 0 | at 0.5 | at 1 | what it buys, at 0 | at 0.5 | at 1 |", "|---|" + "---:|" * 6]
    for dial, gain in gains.items():
        figures = [f"{found[dial][turned][key]:.2f}" for key in ("ndcg@10", gain) for turned in ("0", "0.5", "1")]
        lines.append(f"| `--{dial}` | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


def walked(page: str) -> str:
    """The page with every block as it comes out now, in this folder."""
    Path(CATALOGUE.name).symlink_to(CATALOGUE.resolve())
    ratings, names = export(Path(RATINGS.name), Path("list.xml")), dict[str, object]()

    def run(block: re.Match[str]) -> str:
        kind, body = block.groups()
        print(*(line for line in body.splitlines() if line.startswith(("$ ", ">>> ", "konomi"))), sep="\n", file=sys.stderr)
        if kind == "sh":
            subprocess.run(["sh", "-ec", body], check=True, env=TERMINAL, capture_output=True)
            return block[0]
        text = python(body, names) if kind == "pycon" else shell(body, ratings, kind == "console")
        return f"```{kind}\n{text}```\n"

    return DIALS.sub(lambda _: dials(), BLOCK.sub(run, page))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    before = PAGE.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        after = walked(before)
    if not check:
        PAGE.write_text(after, "utf-8")
    elif changes := list(difflib.unified_diff(before.splitlines(), after.splitlines(), "written", "now", lineterm="")):
        sys.exit("\n".join(changes))
