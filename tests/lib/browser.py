# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A browser for the tests of pages: Chromium without a window, driven through its debugging pipe by clicks and keys."""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

CHROMIUM = os.environ.get("DCBS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-sync",
           "--disable-component-update", "--disable-background-networking", "--hide-scrollbars", "--remote-debugging-pipe"]
KEYS = {"Escape": 27, "Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39}
LIMIT_S = 60
# Chromium reads orders from descriptor 3 and writes answers to 4.
START = """
import fcntl, os, sys
orders, answers = (fcntl.fcntl(int(fd), fcntl.F_DUPFD, 50) for fd in sys.argv[1:3])
os.dup2(orders, 3)
os.dup2(answers, 4)
os.closerange(5, 100)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One page. `errors` has what the page complained of, `requests` the addresses that it asked for but its own."""

    def __init__(self, width=1280, height=900, dark=False):
        self.folder = tempfile.TemporaryDirectory()
        self.errors, self.requests = [], []
        self.number, self.waiting, self.session = 0, b"", None
        self.loaded = False
        self.start()
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.ask(domain + ".enable")
        self.resize(width, height)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def resize(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def start(self):
        orders, self.orders = os.pipe()
        self.answers, answers = os.pipe()
        self.process = subprocess.Popen([sys.executable, "-c", START, str(orders), str(answers), CHROMIUM,
                                         "--user-data-dir=" + self.folder.name, *OPTIONS], pass_fds=(orders, answers),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "HOME": self.folder.name})
        os.close(orders)
        os.close(answers)

    def ask(self, method, **params):
        """Gives an order and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.orders, data):]
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                break
        if "error" in answer:
            raise AssertionError("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def receive(self):
        """The next message; notes events."""
        end = time.monotonic() + LIMIT_S
        while b"\0" not in self.waiting:
            if not select.select([self.answers], [], [], max(end - time.monotonic(), 0))[0]:
                raise AssertionError("the browser does not answer")
            data = os.read(self.answers, 1 << 20)
            if not data:
                raise AssertionError("the browser has ended")
            self.waiting += data
        message, self.waiting = self.waiting.split(b"\0", 1)
        message = json.loads(message)
        self.note(message.get("method"), message.get("params") or {})
        return message

    def note(self, event, params):
        if event == "Page.loadEventFired":
            self.loaded = True
        elif event == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.errors.append(str(params["args"]))
        elif event == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, path):
        self.loaded = False
        self.ask("Page.navigate", url="file://" + path)
        while not self.loaded:
            self.receive()
        self.requests = [url for url in self.requests if url not in ("file://" + path, "about:blank")]

    def see(self, expression):
        """The value of an expression of JavaScript."""
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    def click(self, element):
        """Clicks with the mouse on the middle of an element, an expression."""
        x, y = self.see("(e => { e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect(); "
                        "return [r.x + Math.min(r.width, innerWidth) / 2, r.y + r.height / 2]; })(%s)" % element)
        for kind in "mouseMoved", "mousePressed", "mouseReleased":
            button = "none" if kind == "mouseMoved" else "left"
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def press(self, key):
        code = KEYS.get(key, 0)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        down = "keyDown" if text else "rawKeyDown"
        self.ask("Input.dispatchKeyEvent", type=down, key=key, windowsVirtualKeyCode=code, text=text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def wait(self, condition):
        """Returns when the expression is true."""
        end = time.monotonic() + LIMIT_S
        while not self.see(condition):
            if time.monotonic() > end:
                raise AssertionError("never: " + condition)
            time.sleep(0.02)

    def picture(self, path, whole=False):
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as f:
            f.write(base64.b64decode(data))

    def close(self):
        self.process.kill()
        self.process.wait()
        for fd in self.orders, self.answers:
            os.close(fd)
        for _ in range(50):     # children of Chromium may still write to the folder
            try:
                self.folder.cleanup()
                return
            except OSError:
                time.sleep(0.1)
