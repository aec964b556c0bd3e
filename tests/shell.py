"""The lines of a page for a shell, run without one: `konomi` in this process, `curl` by httpx, and the service in its own."""

import os
import re
import shlex
from contextlib import ExitStack

import httpx

from command_line import konomi
from served import serving

SERVED = "localhost:8000"


class Shell(ExitStack):
    """Runs lines one after another, as a newcomer types them. answers: to every `curl`; url: of the service."""

    def __init__(self) -> None:
        super().__init__()
        self.url, self.answers = "", list[httpx.Response]()

    def run(self, block: str) -> None:
        """The lines of a block."""
        for line in block.strip().splitlines():
            self.line(line)

    def line(self, line: str) -> None:
        if found := re.fullmatch(r"(?:export )?([A-Z]+)=\$\((.*)\)", line):
            os.environ[found[1]] = konomi(*shlex.split(found[2])[1:]).stdout.strip()
            return
        command, *words = shlex.split(re.sub(r"\$([A-Z]+)", lambda found: os.environ[found[1]], line), comments=True)
        if command == "pip":
            assert words[0] == "install"
        elif command == "curl":
            self.answers.append(self.asked(words))
        elif words[0] == "serve":
            _, self.url = self.enter_context(serving(*words[1:]))
        else:
            assert command == "konomi"
            konomi(*words)

    def asked(self, words: list[str]) -> httpx.Response:
        """The answer to the words after `curl`."""
        method, path, headers, body = request(words)
        answer = httpx.request(method, f"{self.url}{path}", headers=headers, content=body)
        answer.raise_for_status()
        return answer


def request(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """(method, path, headers, body) of the words after `curl`."""
    left, headers, body, path, method = iter(words), dict[str, str](), None, "", None
    for word in left:
        if word == "-H":
            name, _, value = next(left).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(left)
        elif word == "-X":
            method = next(left)
        elif word != "-s":
            path = word.removeprefix(SERVED)
            assert path != word
    return method or ("GET" if body is None else "POST"), path, headers, body
