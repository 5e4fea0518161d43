"""A second real browser for the tests of the pages: Firefox of the system by Marionette, its own remote protocol (JSON over
a socket), so that no driver and no package is needed; skipped with a reason where there is none.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

EXECUTABLES = ("firefox-esr", "firefox")
PREFERENCES = {
    "marionette.port": 0,  # a free one, written to MarionetteActivePort of the profile
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}
SECONDS = 60  # at most for one answer; nothing waits that long unless the browser has ended

# Runs with the rights of the browser: requests that pages make are listed, errors and violations of the policy are in its console.
LISTEN = """
    window.pageRequests = [];
    Services.obs.addObserver((subject) => {
        const channel = subject.QueryInterface(Ci.nsIChannel);
        if (channel.loadInfo && !channel.loadInfo.triggeringPrincipal.isSystemPrincipal) window.pageRequests.push(channel.URI.spec);
    }, "http-on-modify-request");
    Services.console.reset();
"""
HEARD = """
    const errors = Services.console.getMessageArray().filter((m) => m instanceof Ci.nsIScriptError)
        .filter((m) => /^(file|http)/.test(m.sourceName) || /CSP|Content Security/.test(m.category)).map((m) => `${m.sourceName}:${m.lineNumber} ${m.errorMessage}`);
    return { requests: window.pageRequests, errors };
"""
DRAWN = """
    return new Promise((resolve) => {
        const look = () => document.documentElement?.dataset.ready ? resolve(true) : setTimeout(look, 20);
        look();
    });
"""


class Firefox:
    """One tab of a started Firefox. Every method raises RuntimeError with Firefox's message when it refuses."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.numbers = itertools.count(1)
        self.rest = b""
        self.read()  # what Firefox says about itself
        self.call("WebDriver:NewSession")
        self.privileged(LISTEN)

    def read(self):
        """Returns the next message: its length, a colon, JSON."""
        while b":" not in self.rest:
            self.rest += self.received()
        length, _, self.rest = self.rest.partition(b":")
        while len(self.rest) < int(length):
            self.rest += self.received()
        message, self.rest = self.rest[: int(length)], self.rest[int(length) :]
        return json.loads(message)

    def received(self) -> bytes:
        """Returns the next bytes."""
        data = self.connection.recv(1 << 20)
        if not data:
            raise RuntimeError("Firefox ended")
        return data

    def call(self, command: str, **parameters):
        """Returns the answer to a command."""
        data = json.dumps([0, next(self.numbers), command, parameters]).encode()
        self.connection.sendall(b"%d:%s" % (len(data), data))
        _, _, error, answer = self.read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return answer.get("value") if isinstance(answer, dict) and set(answer) == {"value"} else answer

    def run(self, script: str, *arguments):
        """Returns what a script returns that runs in the page; a promise is waited for."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def privileged(self, script: str):
        """Returns what a script returns that runs with the rights of the browser."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            return self.run(script)
        finally:
            self.call("Marionette:SetContext", value="content")

    def go(self, address: str) -> "Firefox":
        """Opens an address and waits until the page is drawn."""
        if self.run("return location.href.split('#')[0]") == address.split("#")[0]:
            self.settle("location.href = arguments[0]", address)
        else:
            self.call("WebDriver:Navigate", url=address)
            self.run(DRAWN)
        return self

    def settle(self, script: str, *arguments) -> "Firefox":
        """Runs a script that changes the state and waits until the page is drawn again."""
        self.run(f"delete document.documentElement.dataset.ready; {script}", *arguments)
        self.run(DRAWN)
        return self

    def press(self, selector: str, keys: str) -> "Firefox":
        """Types keys into an element and waits until the page is drawn again."""
        self.run("delete document.documentElement.dataset.ready")
        (element,) = self.call("WebDriver:FindElement", using="css selector", value=selector).values()
        self.call("WebDriver:ElementSendKeys", id=element, text=keys)
        self.run(DRAWN)
        return self

    def text(self, selector: str) -> str:
        """Returns the text of an element with ordinary spaces."""
        return " ".join(self.run("return document.querySelector(arguments[0]).innerText", selector).split())

    def heard(self) -> dict[str, list[str]]:
        """Returns the requests that pages made over a network, and what the console says of the pages."""
        return self.privileged(HEARD)

    def printed(self) -> bytes:
        """Returns the page as PDF on A4."""
        paper = {"width": 21, "height": 29.7}
        return base64.b64decode(self.call("WebDriver:Print", page=paper, shrinkToFit=True))

    def picture(self, file: Path) -> None:
        """Writes a PNG of the whole page."""
        file.write_bytes(base64.b64decode(self.call("WebDriver:TakeScreenshot", full=True)))


def port_of(profile: Path, process: subprocess.Popen) -> int:
    """Returns the port that Firefox listens on. Raises RuntimeError when it does not start."""
    file, ends = profile / "MarionetteActivePort", time.monotonic() + SECONDS
    while not (file.exists() and file.read_text()):
        if process.poll() is not None or time.monotonic() > ends:
            raise RuntimeError(f"Firefox did not start: {(profile / 'output').read_text()[-500:]}")
        time.sleep(0.05)
    return int(file.read_text())


@contextlib.contextmanager
def open_firefox():
    """Yields a Firefox without window; skips the test when none is installed."""
    path = next(filter(None, map(shutil.which, EXECUTABLES)), None)
    if path is None:
        pytest.skip("no Firefox on this machine: install Debian's package firefox-esr")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("".join(lines))
        command = [
            path,
            "--headless",
            "--no-remote",
            "--profile",
            folder,
            "--marionette",
            "--remote-allow-system-access",
        ]
        with (profile / "output").open("w") as output:
            # a home of its own: Firefox refuses to start as root where the home belongs to someone else
            environment = {**os.environ, "HOME": folder}
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            with socket.create_connection(("127.0.0.1", port_of(profile, process)), timeout=SECONDS) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            process.wait(SECONDS)
