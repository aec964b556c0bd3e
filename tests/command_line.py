"""The command line, called from tests: what it prints and how it refuses; and small files for it."""

from typer.testing import CliRunner

from konomi.cli.commands import app

CATALOGUE = """item_id,title,titles,genres,year,type
10,Cowboy Bebop,カウボーイビバップ,Action|Sci-Fi,1998,TV
11,[Oshi no Ko],,Drama,2023,TV
12,Hunter x Hunter,,Action|Adventure,1999,TV
13,Hunter x Hunter,,Action|Adventure,2011,TV
14,Late Night,,Hentai,2001,OVA
15,Mushishi,,Mystery,2005,TV
"""


def konomi(*words, code=0):
    """Run a command in this process; its exit code is checked."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == code, f"{result.stdout}\n{result.stderr}\n{result.exception!r}"
    return result


def refused(*words):
    """The message and the hint of a command that cannot be done; it prints nothing else."""
    result = konomi(*words, code=2)
    assert result.stdout == ""
    error, hint = result.stderr.rstrip("\n").split("\n")
    assert error.startswith("error: ") and hint.startswith("hint: ")
    return error.removeprefix("error: "), hint.removeprefix("hint: ")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def ratings(user_ids=range(40), high="9", low="3"):
    """Whoever likes an even item likes them all; five in six pairs are rated, in order of time."""
    lines = ["user_id,item_id,rating,timestamp"]
    for user in user_ids:
        for item in range(10, 16):
            if (user + 2 * item) % 6:
                lines.append(f"{user},{item},{high if (user + item) % 2 == 0 else low},{1000 + user * 10 + item}")
    return "\n".join(lines) + "\n"
