#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""line: `make factory` as a person sees it: on a terminal, with its page in a real browser. Usage: line.py TREE [--shots FOLDER]"""
import os
import pty
import re
import select
import signal
import sys
import time

sys.dont_write_bytecode = True  # nothing is left in the tree
from chromium import Chromium


class Terminal:
    """tools/factory on a terminal of its own."""

    def __init__(self, tree):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", NO_COLOR="1")
            os.execv(f"{tree}/tools/factory", ["factory"])

    def until(self, pattern, seconds=90):
        """What the pattern found, once it is there."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.text)
            if found:
                return found
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"not within {seconds} s: {pattern}: {self.text[-2000:]}")
            try:
                self.text += os.read(self.fd, 65536).decode(errors="replace").replace("\r", "")
            except OSError:
                raise AssertionError(f"it ended without: {pattern}: {self.text[-2000:]}") from None

    def key(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """Ctrl-C; its exit status."""
        self.key("\x03")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("Ctrl-C does not end it")

    def hang_up(self):
        """The terminal is closed, as a window is; its exit status."""
        os.close(self.fd)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.1)
        raise AssertionError("it lives on without a terminal")

    def kill(self):
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            os.waitpid(self.pid, 0)


def processes_of(folder):
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                if folder.encode() in file.read():
                    found.append(number)
        except OSError:
            pass
    return found


def log_in(browser, url, token):
    browser.go(url)
    browser.until("document.getElementById('token') && document.activeElement.id === 'token'")
    browser.type(token)
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.getElementById('link-text') && document.getElementById('link-text').textContent === 'Live'")


def text(browser, part):
    return browser.js(f"document.getElementById('{part}').textContent")


def shots(browser, folder, name):
    """Pictures for people to look at: phone, desk and wall, light and dark."""
    if folder is None:
        return
    for screen, width, height in (("phone", 360, 740), ("desk", 1440, 900), ("wall", 3840, 2160)):
        for scheme in ("light", "dark"):
            browser.size(width, height)
            browser.media(prefers_color_scheme=scheme)
            time.sleep(0.2)
            browser.shot(f"{folder}/line-{name}-{screen}-{scheme}.png", whole=screen == "phone")
    browser.size(1440, 900)
    browser.media(prefers_color_scheme="light")


def four_chips_are_made_before_ones_eyes(line, browser, folder):
    line.key("\n")
    line.until("Four chips at once")
    browser.until("document.querySelectorAll('#sockets .state.working').length === 4", 20)
    if folder is not None:
        browser.shot(f"{folder}/line-working-desk-light.png")
    browser.until("document.getElementById('made').textContent === '4'", 60)
    line.until("4 of 4 done", 60)


def refusals_show_within_two_seconds_with_what_to_do(line, browser):
    for said, alarm in (("used up", "false"), ("came before with another key", "true")):
        line.until(f"error: .*{said}", 60)
        took = browser.until("[...document.querySelectorAll('#failures li')].some(row => "
                             f"row.textContent.includes('{said}') && row.classList.contains('alarm') === {alarm})", 2)
        print(f"    {said}: shown {took * 1000:.0f} ms after the station")
    hints = browser.js("[...document.querySelectorAll('#failures li')].map(row => (row.querySelector('.do') || {}).textContent || '')")
    assert len(hints) == 2 and all(hints), f"nobody is told what to do: {hints}"
    assert "1 in quarantine" in text(browser, "yield-note"), text(browser, "yield-note")


def record_and_certificates_are_found(line, browser):
    number, uid = line.until(r"\n +([1-4]) +([0-9a-f]{32}) +chip2 ").groups()
    browser.js("document.getElementById('query').focus()")
    browser.type(uid.upper())
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.querySelectorAll('#found details').length === 2")
    found = text(browser, "found")
    for part in (uid, f"Unit {number}: done", "Reserved", "Done, seen locked", "-----BEGIN CERTIFICATE-----", "no end"):
        assert part in found, f"{part} is not in {found[:300]}"


def ledger_is_whole_and_agrees_with_the_tpm(browser):
    browser.until("/whole/.test(document.getElementById('ledger').textContent)", 5)
    ledger = text(browser, "ledger")
    assert "Sound" in text(browser, "ledger-word"), text(browser, "ledger-word")
    assert re.search("Events[0-9]{2}", ledger) and "4, agrees with the ledger" in ledger, ledger


def another_one_beside_works_and_ends_alone(tree, browser, line):
    other = Terminal(tree)
    try:
        folder = other.until(r"Files +(/\S+):")[1]
        assert other.until(r"http://\S+")[0] != line.until(r"http://\S+")[0]
        other.until("Enter starts the line")
        assert other.hang_up() == 0, other.text
        assert processes_of(folder) == [] and not os.path.exists(folder), "it left something"
    finally:
        other.kill()
    time.sleep(1)
    assert text(browser, "link-text") == "Live", "the first one is gone, too"


def run(tree, folder):
    browser = Chromium()
    line = Terminal(tree)
    try:
        url, token = line.until(r"http://\S+")[0], line.until(r"Token +(\S+)")[1]
        files = line.until(r"Files +(/\S+):")[1]
        line.until("Enter starts the line")
        browser.size(1440, 900)
        log_in(browser, url, token)
        four_chips_are_made_before_ones_eyes(line, browser, folder)
        refusals_show_within_two_seconds_with_what_to_do(line, browser)
        line.until("Enter: a new package", 30)
        ledger_is_whole_and_agrees_with_the_tpm(browser)
        record_and_certificates_are_found(line, browser)
        shots(browser, folder, "after")
        another_one_beside_works_and_ends_alone(tree, browser, line)
        left = [c for c in browser.complaints() if "401" not in str(c)]
        assert left == [], f"the browser complains: {left[:2]}"
        assert line.end() == 0, line.text[-1000:]
        assert "sound:" in line.text, "the books were not compared: " + line.text[-500:]
        assert processes_of(files) == [] and not os.path.exists(files), f"left: {processes_of(files)}"
        print("make factory: done")
    finally:
        browser.close()
        line.kill()


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(2)
    run(os.path.abspath(sys.argv[1]), sys.argv[3] if len(sys.argv) == 4 else None)
