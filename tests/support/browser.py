"""A real browser without a screen: Debian's Chromium."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-q")
# No requests to the browser's vendor: the machine may have no internet access, and every attempt would take time.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
]


def install() -> str:
    """Return the path of Chromium; installs Debian's package if it is missing."""
    if shutil.which("chromium") is None:
        subprocess.run([*APT, "update"], check=True)
        subprocess.run([*APT, "install", "-y", "--no-install-recommends", "chromium"], check=True)
    path = shutil.which("chromium")
    assert path is not None, "apt-get installed chromium, but it is not on PATH"
    return path


@contextmanager
def browser_page(chromium: str) -> Iterator[Page]:
    """A page in a new browser with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        try:
            yield browser.new_page(viewport={"width": 1440, "height": 900})
        finally:
            browser.close()
