"""A real browser for the tests of the pages: Chromium of the system by Playwright, without network; skipped with a reason where there is none."""

import contextlib
import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str:
    """Returns the path of the system's Chromium; skips the test when it or Playwright is not installed."""
    pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -r requirements-dev.txt"
    )
    path = next(filter(None, map(shutil.which, EXECUTABLES)), None)
    if path is None:
        # a browser is no dependency that pip installs; CI has one
        pytest.skip("no Chromium on this machine: install Debian's package chromium")
    return path


@contextlib.contextmanager
def open_browser():
    """Yields a started Chromium."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


class Page:
    """One tab with the pages of a release, and what it asked for and complained about."""

    def __init__(self, browser, address: str, **options):
        self.address = address
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 900}, accept_downloads=True, bypass_csp=False, **options
        )
        self.tab = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.on(
            "console",
            lambda message: self.errors.append(message.text) if message.type in ("error", "warning") else None,
        )
        self.tab.on("pageerror", lambda error: self.errors.append(str(error)))

    def go(self, state: str) -> "Page":
        """Opens a state (the address after "#") and waits until it is drawn."""
        self.tab.evaluate("() => delete document.documentElement.dataset.ready")
        same = self.tab.url == f"{self.address}#{state}"
        self.tab.goto(f"{self.address}#{state}")
        if same:  # the same address is no change for the page
            self.tab.reload()
        self.tab.wait_for_selector("html[data-ready]", timeout=15_000)
        return self

    def settle(self, action) -> "Page":
        """Does something that changes the state and waits until the page is drawn again."""
        self.tab.evaluate("() => delete document.documentElement.dataset.ready")
        action()
        self.tab.wait_for_selector("html[data-ready]", timeout=15_000)
        return self

    def text(self, selector: str) -> str:
        """Returns the text of an element with ordinary spaces."""
        return " ".join(self.tab.inner_text(selector).split())

    def close(self) -> None:
        """Closes the tab."""
        self.context.close()


@contextlib.contextmanager
def served(folder: Path):
    """Yields the address of a web server on this machine that serves a folder."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
