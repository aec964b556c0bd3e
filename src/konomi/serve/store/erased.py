"""Who was erased, and when: a file beside the store, since it has to outlive every backup of it.

    konomi erased 1 <salt>          the salt of this file
    <HMAC-SHA256 of an id> <at>     one line for each erasing, on the disk before the store is changed

It holds no id, and tells nobody who does not hold the file itself whether somebody was erased. A store that was restored from
an older backup erases again, when it is opened, whom lines name that it has not seen.
"""

import errno
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from konomi.errors import StoreError
from konomi.files.whole import sync

TITLE = "konomi erased 1"
HEAD = re.compile(rf"{TITLE} ([0-9a-f]{{32}})")
LINE = re.compile(r"([0-9a-f]{64}) ([0-9]{1,18})")


class Erased:
    """The lines of a file, which is made where there is none. Only the writer adds to it. alone: whether nobody writes to it
    meanwhile, so that what a kill has cut short can be taken away."""

    def __init__(self, path: Path, alone: bool = True) -> None:
        self.path = path
        if alone and not path.exists():
            _write(path, f"{TITLE} {secrets.token_hex(16)}\n".encode())
        text = path.read_text(encoding="ascii", errors="replace")
        whole = text[: text.rfind("\n") + 1].splitlines()  # what a kill cut short was not acknowledged
        head = HEAD.fullmatch(whole[0]) if whole else None
        lines = [LINE.fullmatch(line) for line in whole[1:]]
        if head is None or None in lines:
            raise StoreError(f"{path}: is not a list of who was erased.", "Bring back the file, or move it away.", "store")
        self.salt = head[1]
        self.order = [(found[1], int(found[2])) for found in lines if found]
        self._at: dict[str, int] = {}
        for key, at in self.order:
            self._at[key] = max(at, self._at.get(key, 0))
        if alone:
            os.truncate(path, len("".join(f"{line}\n" for line in whole)))

    @staticmethod
    def copy(source: Path, target: Path) -> None:
        """Copy a file of lines to another place; StoreError where it is none."""
        if not source.is_file():
            raise StoreError(f"{source}: no such file.", "Give the list of who was erased, which is beside a store.", "erased")
        Erased(source)
        _write(target, source.read_bytes())

    @property
    def mark(self) -> str:
        """Which file this is, and how many lines it has: what a store notes that has seen all of them."""
        return f"{self.salt} {len(self.order)}"

    def unseen(self, mark: str | None) -> dict[str, int]:
        """The lines after a mark, {key: at}; all of them where the mark is of another file, or there is none."""
        salt, _, seen = (mark or "").partition(" ")
        return dict(self.order[int(seen) if salt == self.salt else 0 :])

    def key(self, id: str) -> str:
        """What stands for an id."""
        return hmac.new(bytes.fromhex(self.salt), id.encode(), hashlib.sha256).hexdigest()

    def since(self, id: str) -> int:
        """When an id was last erased; −1 = never."""
        return self._at.get(self.key(id), -1) if self._at else -1

    def add(self, id: str, at: int) -> None:
        """Note that an id is erased at a time; on the disk when it returns. OSError where there is no room for the line."""
        key = self.key(id)
        line = f"{key} {at}\n".encode()
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        try:
            size = os.fstat(handle).st_size
            try:
                if os.write(handle, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(handle)
            except OSError:
                os.truncate(handle, size)  # the next line begins where this one did
                raise
        finally:
            os.close(handle)
        self.order.append((key, at))
        self._at[key] = max(at, self._at.get(key, 0))


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, for this user alone, and on the disk when it returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".new")
    partial.touch(0o600)
    partial.write_bytes(content)
    sync(partial)
    partial.replace(path)
    sync(path.parent)
