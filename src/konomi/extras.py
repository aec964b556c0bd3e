"""Optional packages, and the extras of the installation that bring them."""

import sys
from concurrent.futures import Future
from importlib import import_module
from threading import Thread
from types import ModuleType

from konomi.errors import ConfigError

SERVICE = ("fastapi", "uvicorn", "httptools", "msgspec", "prometheus_client")
EXTRAS = {"torch": "neural", "matplotlib": "report", **dict.fromkeys(SERVICE, "serve")}
"""package → extra: torch trains networks (serving them takes NumPy alone), matplotlib draws the plots of a report, the service
stands on several."""


def need(package: str, by: str) -> None:
    """Import a package; if it is not installed, ConfigError with what needs it (`by`) and how to install it."""
    try:
        _import(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ConfigError(f"{by} needs {package}, which is not installed.", install(package)) from None


def _import(package: str) -> None:
    """Import a package on a thread of its own: Ctrl-C ends the waiting, but not an import of C code halfway, after which torch
    could not be used in this process."""
    if package in sys.modules:
        import_module(package)  # which waits for an import that is under way
        return
    imported = Future[ModuleType]()

    def work() -> None:
        try:
            imported.set_result(import_module(package))
        except BaseException as error:
            imported.set_exception(error)

    Thread(target=work, name=f"import {package}", daemon=True).start()
    imported.result()


def install(package: str) -> str:
    """The command that installs a package."""
    return install_extra(EXTRAS[package]) if package in EXTRAS else f"pip install {package}"


def install_extra(extra: str) -> str:
    """The command that installs what an extra needs."""
    return f'pip install "konomi[{extra}]"'
