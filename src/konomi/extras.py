"""Optional packages, and the extras of the installation that bring them."""

from importlib import import_module

from konomi.errors import ConfigError

EXTRAS = {"torch": "neural", "matplotlib": "report"}
"""package → extra: torch trains networks (serving them takes NumPy alone), matplotlib draws the plots of a report."""


def need(package: str, by: str) -> None:
    """Import a package; if it is not installed, ConfigError with what needs it (`by`) and how to install it."""
    try:
        import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ConfigError(f"{by} needs {package}, which is not installed.", install(package)) from None


def install(package: str) -> str:
    """The command that installs a package."""
    return f'pip install "konomi[{EXTRAS[package]}]"' if package in EXTRAS else f"pip install {package}"
