"""Download the data of a protocol, where somebody has asked for it: nothing else here uses the network.

What is downloaded is limited in size, compared with its checksum where one is known, and appears whole or not at all.
"""

import http.client
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from konomi.errors import DataError
from konomi.files import unwritable, whole_file, workplace
from konomi.files.sums import sum_like
from konomi.pipeline.protocol import Data, Fetch, Protocol, files_of
from konomi.runtime import Run, Stage, check_cancel
from konomi.settings import byte_size

PIECE = 1 << 18  # bytes read at once
SILENCE = 30.0  # seconds in which a server has to say something
UNPACKED = 20  # how many times what may be fetched may be unpacked
DOWNLOAD = "download"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)
"""What reading a damaged zip, or one of a form that Python has not, raises."""


class SameSafety(request.HTTPRedirectHandler):
    """Follows no redirection from https to anything else."""

    def redirect_request(self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The next request; URLError where it would be less safe."""
        if urlsplit(req.full_url).scheme == "https" != urlsplit(newurl).scheme:
            raise URLError(f"it leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch_data(
    protocol: Protocol, place: Path, run: Run, say: Callable[[str], None], contents: bool = True
) -> tuple[Path, ...]:
    """Download the files of a protocol that are neither in its folder within `place` nor in `place` itself; returns those that
    came. Each address and its licence are said before anything is downloaded.

    DataError where something cannot be fetched, is too large, or is not what the protocol names.
    """
    data = protocol.data
    wanted = (*data.ratings, *files_of(protocol.split), *(data.contents if contents else ()))
    missing = [name for name in dict.fromkeys(wanted) if not any((at / name).is_file() for at in (place / data.folder, place))]
    chosen = [each for each in data.fetch if set(each.files) & set(missing)]
    if missing and not chosen:
        raise DataError(f"{protocol.name}: nothing says where {', '.join(missing)} can be fetched.", "Say where it is: `data`.")
    for each in chosen:
        say(f"{each.address} (at most {each.most}), to {place / data.folder}.")
        say(f"Licence: {each.licence}.")
    came = list[Path]()
    try:
        for each in chosen:
            came += _fetch(each, [name for name in each.files if name in missing], data, place / data.folder, run)
    except OSError as cause:
        raise unwritable(place / data.folder, cause, DataError, "data") from cause
    return tuple(came)


def _fetch(fetch: Fetch, names: list[str], data: Data, folder: Path, run: Run) -> list[Path]:
    """Download one address, and put these of its files into a folder."""
    with workplace(folder / names[0]) as work:
        raw = work / DOWNLOAD
        _download(fetch, raw, run)
        if fetch.sum and (own := sum_like(raw, fetch.sum)) != fetch.sum:
            raise DataError(
                f"{fetch.address}: its checksum is {own}, not {fetch.sum}.", "Look whether the address is the right one."
            )
        if not zipfile.is_zipfile(raw):
            if len(fetch.files) > 1:
                raise DataError(f"{fetch.address}: is no zip.", "Look whether the address is the right one.")
            return [_put(raw.open("rb"), fetch, names[0], data, folder)]
        try:
            with zipfile.ZipFile(raw) as archive:
                members = [_member(archive, fetch, name) for name in names]
                if sum(member.file_size for member in members) > UNPACKED * byte_size(fetch.most, "most"):
                    raise DataError(
                        f"{fetch.address}: would be more than {UNPACKED} times {fetch.most} unpacked.", "Do not use it."
                    )
                pairs = zip(members, names, strict=True)
                return [_put(archive.open(member), fetch, name, data, folder) for member, name in pairs]
        except DAMAGED as cause:
            raise DataError(f"{fetch.address}: is a damaged zip: {cause}.", "Fetch it again.") from cause


def _download(fetch: Fetch, to: Path, run: Run) -> None:
    """The bytes of an address as a file."""
    most = byte_size(fetch.most, "most")
    hint = "Try again, or download it by hand, and say where it is with `data`."
    try:
        name = PurePosixPath(urlsplit(fetch.address).path).name
        asked = request.Request(fetch.address, headers={"User-Agent": "konomi"})
        with _opener().open(asked, timeout=SILENCE) as answer, to.open("wb") as file:
            said = answer.headers.get("Content-Length", "")
            total, done = int(said) if said.isdecimal() else 0, 0
            while max(done, total) <= most and (piece := answer.read(PIECE)):
                check_cancel(run.cancel)
                file.write(piece)
                done += len(piece)
                run.progress(Stage(f"fetching {name}", done, max(done, total), "bytes"))
    except HTTPError as cause:
        with cause:
            raise DataError(f"{fetch.address}: cannot be fetched: {cause.code} {cause.reason}.", hint) from None
    except (http.client.HTTPException, ValueError, OSError) as cause:  # ValueError: of an address that is none
        reason = cause.reason if isinstance(cause, URLError) else cause
        raise DataError(f"{fetch.address}: cannot be fetched: {reason}.", hint) from None
    if max(done, total) > most:
        raise DataError(f"{fetch.address}: is larger than {fetch.most}.", "Look whether the address is the right one.")
    if total and done != total:
        raise DataError(f"{fetch.address}: ended after {done:,} of {total:,} bytes.", hint)


def _opener() -> request.OpenerDirector:
    """What opens http and https alone, by way of proxies that the environment names."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        SameSafety(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _member(archive: zipfile.ZipFile, fetch: Fetch, name: str) -> zipfile.ZipInfo:
    """The file of an archive with this name, in the outermost of its folders that has one."""
    parts = PurePosixPath(name).parts
    found = [member for member in archive.infolist() if PurePosixPath(member.filename).parts[-len(parts) :] == parts]
    if not found:
        raise DataError(f"{fetch.address}: has no {name}.", "Look whether the address is the right one.")
    return min(found, key=lambda member: member.filename.count("/"))


def _put(source: IO[bytes], fetch: Fetch, name: str, data: Data, folder: Path) -> Path:
    """Copy a file into the folder, whole, if it is the protocol's."""
    with source, whole_file(folder / name, DataError, "data") as target:
        with target.open("wb") as file:
            shutil.copyfileobj(source, file)
        if (known := data.sums.get(name)) and (own := sum_like(target, known)) != known:
            raise DataError(
                f"{fetch.address}: its {name} is not the protocol's: its checksum is {own}, not {known}.",
                "The data has changed there: figures of other data cannot be compared.",
            )
    return folder / name
