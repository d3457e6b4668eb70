"""Downloading a data set, through pooch: each file is checked against its SHA256 before it gets its name.

pooch writes to a temporary name in the same folder and moves the file when its checksum is right,
so a download that is killed leaves nothing half. Files that are there and right are not fetched again.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gdbench.data.places import ENVIRONMENT_VARIABLE, IdxSet, cache_folder
from gdbench.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress


def fetch(data: IdxSet, base_url: str, directory: Path | str | None = None, progress: bool = False) -> Path:
    """Download the ``.gz`` files of a data set and return the folder they are in.

    Parameters
    ----------
    data: the data set; each file must have the SHA256 it names.
    base_url: http(s) address of the folder the files lie in.
    directory: where to put them; None is gdbench's cache, which the finders look in.
    progress: show one bar per file.

    Raises
    ------
    InputError: the address is not http(s), the server is gone or lacks a file, a file has another
        checksum, or the folder cannot be written.
    """
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    if not base_url.startswith(("http://", "https://")):
        raise InputError(f"base_url is {base_url!r}; it must start with http:// or https://.")
    folder = Path(directory).expanduser() if directory is not None else cache_folder(data)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as display:
        for file in data.files:
            name = f"{file.name}.gz"
            _fetch_file(f"{base_url.rstrip('/')}/{name}", folder, name, file.sha256, display)
    return folder


def _fetch_file(url: str, folder: Path, name: str, sha256: str, display: Progress) -> None:
    import pooch
    from requests import HTTPError, RequestException

    downloader = pooch.HTTPDownloader(progressbar=_Bar(display, name), chunk_size=1 << 16)
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # pooch announces each file on stderr; the bar does that here
    try:
        pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=folder, downloader=downloader)
    except HTTPError as fault:
        answer, _, _ = str(fault).partition(" for url")
        raise _not_fetched(url, f"the server answers {answer}") from None
    except RequestException as fault:
        raise _not_fetched(url, f"the connection failed: {type(fault).__name__}") from None
    except ValueError:
        raise _not_fetched(url, "its SHA256 is not the published one, so it was thrown away") from None
    except OSError as fault:
        raise InputError(f"{folder} cannot take {name}: {fault.strerror or fault}.") from None
    finally:
        logger.setLevel(level)


def _not_fetched(url: str, reason: str) -> InputError:
    remedy = f"try again later, or set ${ENVIRONMENT_VARIABLE} to a folder with the files"
    return InputError(f"{url} could not be fetched ({reason}); {remedy}.")


class _Bar:
    """A rich progress bar behind the names of tqdm that pooch calls; unseen until the first bytes come."""

    def __init__(self, display: Progress, name: str) -> None:
        self._display = display
        self._task = display.add_task(name, total=None, visible=False)
        self.total = 0

    def update(self, n: int) -> None:
        self._display.update(self._task, total=self.total, advance=n, visible=True)

    def reset(self) -> None:
        self._display.update(self._task, completed=0)

    def close(self) -> None:
        """Leave the bar standing, full."""
