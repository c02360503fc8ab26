#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dashboard: the page in a real browser, served from scripted sources. Usage: dashboard.py PEER [TEST...] | --shots FOLDER"""
import subprocess
import sys
import threading
import time
import urllib.request

sys.dont_write_bytecode = True  # nothing is left in the tree
from chromium import Chromium


class Peer:
    """dashboard_peer with a scene; commands change it."""

    def __init__(self, program, scene):
        self.process = subprocess.Popen([program, scene], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url, self.token = self.process.stdout.readline().split()

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            assert self.process.wait(10) == 0, "the server did not end well"

    def kill(self):
        self.process.kill()
        self.process.wait()


def log_in(browser, peer):
    browser.go(peer.url)
    browser.until("document.getElementById('token') && document.activeElement.id === 'token'")
    browser.type(peer.token)
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.getElementById('link-text') && document.getElementById('link-text').textContent === 'Live'")


def wrong_token_is_told_and_right_one_opens(browser, peer):
    browser.go(peer.url)
    browser.until("document.activeElement && document.activeElement.id === 'token'")
    browser.type("not the token")
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("getComputedStyle(document.getElementById('wrong')).display === 'block'")
    assert "made" not in browser.js("document.body.innerHTML"), "the page was shown without a login"
    browser.type("")
    log_in(browser, peer)
    assert browser.js("document.cookie") == "", "scripts can read the cookie"


def figures_are_those_of_the_source(browser, peer):
    log_in(browser, peer)
    assert browser.js("document.getElementById('quota').textContent") == "1,000"
    assert browser.js("document.querySelectorAll('#sockets tr').length") == 12
    assert browser.js("document.querySelectorAll('#failures li').length") == 3
    assert browser.js("document.querySelectorAll('#steps tr').length") == 9
    assert browser.js("document.querySelectorAll('#spark rect').length") == 60
    assert browser.js("document.getElementById('ledger-word').innerText").strip() == "Sound"
    assert browser.js("document.getElementById('yield').textContent").startswith("98.")


def failure_shows_and_is_announced_within_two_seconds(browser, peer):
    log_in(browser, peer)
    took = []
    for number in range(5):
        begin = time.monotonic()
        peer.say(f"fail the clamp is open, time {number}")
        browser.until(f"document.querySelector('#failures li:not(.alarm)').textContent.includes('time {number}')")
        browser.until(f"document.getElementById('news').textContent.includes('time {number}')")
        took.append(time.monotonic() - begin)
        print(f"    shown after {took[-1] * 1000:.0f} ms")
    assert sorted(took)[2] < 2, "more than two seconds, and not only where the machine was busy with something else"
    assert browser.js("document.getElementById('news').getAttribute('aria-live')") == "polite"
    assert "Do what the test says." in browser.js("document.querySelector('#failures li:not(.alarm)').textContent")
    assert browser.js("document.querySelector('#failures li').classList.contains('alarm')"), "an alarm does not stand first"


def failure_shows_within_two_seconds_while_many_watch(browser, peer):
    log_in(browser, peer)
    going = True
    answers = []

    def watch():
        while going:
            request = urllib.request.Request(peer.url + "api/line?after=0", headers={"Authorization": "Bearer " + peer.token})
            with urllib.request.urlopen(request, timeout=10) as answer:
                answers.append(len(answer.read()))

    watchers = [threading.Thread(target=watch) for _ in range(40)]
    for watcher in watchers:
        watcher.start()
    try:
        begin = time.monotonic()
        browser.go(peer.url)
        browser.until("document.getElementById('made') && document.getElementById('made').textContent !== '–'", 5)
        print(f"    loaded after {(time.monotonic() - begin) * 1000:.0f} ms")
        # Browser and watchers share the processors with whatever else runs here: one of six must be in time.
        for number in range(6):
            begin = time.monotonic()
            peer.say(f"fail under load, time {number}")
            browser.until(f"document.querySelector('#failures li:not(.alarm)').textContent.includes('load, time {number}')", 10)
            took = time.monotonic() - begin
            print(f"    shown after {took * 1000:.0f} ms, {len(answers)} answers to 40 others")
            if took < 2:
                break
        assert took < 2, f"{took:.2f} s"
    finally:
        going = False
        for watcher in watchers:
            watcher.join()
    assert len(answers) > 100, "there was no load"


def six_hundred_sockets_are_shown_as_many_as_fit_and_the_rest_counted(browser, peer):
    log_in(browser, peer)
    assert browser.js("document.querySelectorAll('#sockets tr').length") == 512
    assert "88 not shown" in browser.js("document.getElementById('sockets-count').textContent")


def silence_is_told_and_goes_away(browser, peer):
    log_in(browser, peer)
    peer.say("fault the database is gone")
    browser.until("document.getElementById('notice').innerText.includes('the database is gone')")
    assert browser.js("document.getElementById('quota').textContent") == "1,000", "what was known is gone"
    peer.say("heal")
    browser.until("document.getElementById('notice').hidden")
    peer.say("hang")
    browser.until("document.getElementById('notice').innerText.includes('has not answered')", 12)
    browser.until("document.getElementById('link-text').textContent === 'Not live'", 1)
    peer.say("heal")
    browser.until("document.getElementById('notice').hidden", 5)
    browser.until("document.getElementById('link-text').textContent === 'Live'", 1)
    peer.kill()
    browser.until("document.getElementById('notice').innerText.includes('has not answered')", 12)
    browser.events = []


def search_shows_record_and_certificates(browser, peer):
    log_in(browser, peer)
    browser.js("document.getElementById('query').focus()")
    browser.type("57")
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.querySelectorAll('#found .matches li').length === 20")
    uid = browser.js("document.querySelectorAll('#found .matches button')[1].textContent")
    browser.js("document.querySelectorAll('#found .matches button')[1].focus()")
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.querySelectorAll('#found details').length === 2")
    found = browser.js("document.getElementById('found').textContent")
    for part in (uid, "quarantined", "2026-11-22 10:20:39 UTC", "-----BEGIN CERTIFICATE-----", "no end", "SHA-256"):
        assert part in found, part
    assert uid in browser.js("location.hash")
    browser.js("history.back()")
    browser.until("document.querySelectorAll('#found .matches li').length === 20")
    browser.js("document.getElementById('query').focus(); document.getElementById('query').select()")
    browser.type("<img src=x onerror=alert(1)>")
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.getElementById('found').textContent.includes('that is no unique ID')")
    browser.events = []  # the refused question stands in the log


def hostile_names_and_ids_stay_text(browser, peer):
    log_in(browser, peer)
    browser.js("document.getElementById('query').focus()")
    browser.type("57")
    browser.key("Enter", "Enter", 13, "\r")
    browser.until("document.querySelectorAll('#found .matches li').length === 20")
    browser.js("document.querySelector('#found .matches button').click()")
    browser.until("document.querySelectorAll('#found details').length === 2")
    peer.say("fail <img src=x onerror=document.title='owned'>")
    browser.until("document.getElementById('news').textContent.includes('<img src=x')", 2)
    time.sleep(0.5)
    assert "owned" not in browser.js("document.title").replace("document.title='owned'", ""), "a script ran"
    inside = "#failures, #sockets, #found, #steps, #ledger, #product, #where, #news, #notice"
    assert browser.js(f"[...document.querySelectorAll('{inside}')].every(e => !e.querySelector('img, script, b, i, iframe'))")
    found = browser.js("document.getElementById('found').textContent")
    assert "script" in found and "<i>" in found and "<b>now</b>" in found, found
    assert "\x1b" not in browser.js("document.body.textContent") and "\u202e" not in browser.js("document.body.textContent")


def page_can_make_no_html_of_a_string(browser, peer):
    log_in(browser, peer)
    for way in ("document.body.innerHTML = '<b>x</b>'", "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')", "eval('1')"):
        # In a script of the page's own, as an intruder's would be; the protocol's evaluation is exempt from eval's rule.
        try:
            browser.js(f"new Promise((yes, no) => setTimeout(() => {{ try {{ {way}; no('taken') }} catch (e) {{ yes(1) }} }}))")
        except RuntimeError as error:
            raise AssertionError(f"{way}: not refused") from error
    browser.js("new Promise(d => { const i = new Image(); i.onerror = d; i.src = 'http://127.0.0.1:9/x.png' })")
    assert any("img-src" in str(event) for event in browser.events), "a foreign picture was asked for"
    browser.events = []


def nothing_is_loaded_from_elsewhere(browser, peer):
    log_in(browser, peer)
    urls = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    assert len(urls) >= 5
    strangers = [url for url in urls if not url.startswith(peer.url)]
    assert strangers == [], strangers


SIZES = ((360, 740), (414, 900), (768, 1024), (1024, 768), (1440, 900), (1920, 1080), (3840, 2160))


def no_size_needs_sideways_scrolling(browser, peer):
    log_in(browser, peer)
    for width, height in SIZES:
        browser.size(width, height)
        time.sleep(0.15)
        assert browser.js("document.documentElement.scrollWidth <= innerWidth"), f"{width} px: wider than the screen"
        cut = browser.js("""[...document.querySelectorAll('.panel, .panel p, .panel td, h1')].filter(e =>
            e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.id || e.className || e.textContent)""")
        assert cut == [], f"{width} px: cut off: {cut}"
    assert browser.js("parseFloat(getComputedStyle(document.getElementById('made')).fontSize)") >= 120, "too small for a wall"


def wall_needs_no_scrolling(browser, peer):
    log_in(browser, peer)
    for width, height in SIZES[-2:]:
        browser.size(width, height)
        time.sleep(0.15)
        assert browser.js("document.documentElement.scrollHeight <= innerHeight"), f"{width} x {height}: higher than the screen"


CONTRAST = """(() => {
  const parse = c => c.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c; } return [255, 255, 255]; };
  const bad = [];
  let seen = 0;
  for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !e.offsetParent || e.closest('.unseen')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    seen++;
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(e.textContent.slice(0, 40) + ' ' + ((a + 0.05) / (b + 0.05)).toFixed(2));
  }
  return { seen, bad };
})()"""


def text_has_contrast_in_light_and_dark(browser, peer):
    log_in(browser, peer)
    browser.js("location.hash = '#unit=5725'; dispatchEvent(new PopStateEvent('popstate'))")
    browser.until("document.querySelectorAll('#found details').length === 2")
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    grounds = set()
    for scheme in ("light", "dark"):
        browser.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        result = browser.js(CONTRAST)
        assert result["seen"] > 100 and result["bad"] == [], f"{scheme}: {result}"
        grounds.add(browser.js("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2, "light and dark look alike"


def keyboard_reaches_everything_and_shows_where_it_is(browser, peer):
    log_in(browser, peer)
    seen = []
    for _ in range(60):
        browser.key("Tab", "Tab", 9)
        where = browser.js("""(() => { const e = document.activeElement; const s = getComputedStyle(e);
            return [e === document.body ? '' : e.id || e.textContent, s.outlineStyle, parseFloat(s.outlineWidth), e.getBoundingClientRect().left >= 0] })()""")
        if seen and where[0] in ("", seen[0][0]):
            break  # once around
        assert where[1] != "none" and where[2] >= 2 and where[3], f"focus cannot be seen: {where}"
        seen.append(where)
    names = [name for name, *_ in seen]
    assert names[0].startswith("Skip"), names
    assert "query" in names and "Find" in names and len(names) >= 5, names


def screen_reader_gets_names_roles_and_landmarks(browser, peer):
    log_in(browser, peer)
    nodes = [n for n in browser.call("Accessibility.getFullAXTree")["nodes"] if not n.get("ignored")]
    roles = {}
    for node in nodes:
        roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("main", "banner", "contentinfo", "search", "table", "progressbar", "heading"):
        assert role in roles, f"no {role}"
    for role in ("button", "searchbox", "textbox", "progressbar", "region", "table", "link"):
        assert all(roles.get(role, ["x"])), f"a {role} has no name"
    assert len(roles["region"]) >= 5 and len(roles["row"]) >= 20 and len(roles["cell"]) >= 36, {r: len(n) for r, n in roles.items()}
    assert any("failed" in name for name in roles["cell"]), "a failed socket is told by its colour only"
    assert browser.js("document.documentElement.lang") == "en"
    labelled = "[...document.querySelectorAll('button[aria-label]')].map(e => [e.getAttribute('aria-label'), e.innerText.trim()])"
    assert all(text in label for label, text in browser.js(labelled)), "a button cannot be called by what stands on it"  # WCAG 2.5.3
    assert browser.js("(ids => new Set(ids).size === ids.length)([...document.querySelectorAll('[id]')].map(e => e.id))")


def still_where_motion_is_unwelcome(browser, peer):
    browser.media(prefers_reduced_motion="reduce")
    log_in(browser, peer)
    peer.say("fail the clamp is open")
    browser.until("document.querySelector('#failures li.new') !== null", 2)
    assert browser.js("document.getAnimations().length") == 0


def empty_line_says_what_to_do(browser, peer):
    log_in(browser, peer)
    text = browser.js("document.getElementById('main').innerText")
    for part in ("No production package is loaded", "No station is connected", "None since this package", "Nothing was done yet"):
        assert part in text, part


def quota_used_up_is_told(browser, peer):
    log_in(browser, peer)
    assert "The quota is used up" in browser.js("document.getElementById('made-note').textContent")
    assert browser.js("document.getElementById('made-bar').getAttribute('aria-valuenow')") == "100"


def damaged_ledger_is_told(browser, peer):
    log_in(browser, peer)
    text = browser.js("document.querySelector('.panel.ledger').innerText") + browser.js("document.getElementById('ledger-word').innerText")
    for part in ("Damaged", "not linked", "Stop the line", "not whole", "the ledger holds"):
        assert part in text, part
    alarm = browser.js("(e => e.hidden || e.getBoundingClientRect().bottom > innerHeight ? '' : e.innerText)(document.getElementById('alarm'))")
    assert "not linked" in alarm and "Stop the line" in alarm, f"it does not stand first: {alarm}"


TESTS = (
    ("busy", wrong_token_is_told_and_right_one_opens), ("busy", figures_are_those_of_the_source),
    ("busy", failure_shows_and_is_announced_within_two_seconds), ("busy", failure_shows_within_two_seconds_while_many_watch),
    ("full", failure_shows_within_two_seconds_while_many_watch),
    ("full", six_hundred_sockets_are_shown_as_many_as_fit_and_the_rest_counted),
    ("busy", silence_is_told_and_goes_away), ("busy", search_shows_record_and_certificates),
    ("hostile", hostile_names_and_ids_stay_text), ("busy", page_can_make_no_html_of_a_string),
    ("busy", nothing_is_loaded_from_elsewhere), ("busy", no_size_needs_sideways_scrolling),
    ("busy", wall_needs_no_scrolling),
    ("hostile", no_size_needs_sideways_scrolling), ("damaged", no_size_needs_sideways_scrolling), ("busy", text_has_contrast_in_light_and_dark),
    ("damaged", text_has_contrast_in_light_and_dark), ("busy", keyboard_reaches_everything_and_shows_where_it_is),
    ("busy", screen_reader_gets_names_roles_and_landmarks), ("busy", still_where_motion_is_unwelcome),
    ("empty", empty_line_says_what_to_do), ("spent", quota_used_up_is_told), ("damaged", damaged_ledger_is_told),
)


def run(program, only):
    failed = 0
    browser = Chromium()
    try:
        for scene, test in TESTS:
            if only and test.__name__ not in only:
                continue
            peer = Peer(program, scene)
            browser.open()
            browser.size(1440, 900)
            try:
                test(browser, peer)
                left = [c for c in browser.complaints() if "401" not in str(c)]
                assert left == [], f"the browser complains: {left[:2]}"
                peer.close()
                print(f"ok   {test.__name__} ({scene})")
            except Exception as error:
                failed += 1
                peer.kill()
                print(f"FAIL {test.__name__} ({scene}): {type(error).__name__}: {error}")
    finally:
        browser.close()
    return 1 if failed else 0


def shots(program, folder):
    """Pictures for people to look at."""
    browser = Chromium()
    try:
        for scene in ("empty", "busy", "spent", "damaged", "hostile", "full"):
            peer = Peer(program, scene)
            for name, width, height in (("phone", 360, 740), ("desk", 1440, 900), ("wall", 3840, 2160)):
                for scheme in ("light", "dark"):
                    browser.open()
                    browser.size(width, height)
                    browser.media(prefers_color_scheme=scheme)
                    log_in(browser, peer)
                    browser.shot(f"{folder}/{scene}-{name}-{scheme}.png", whole=name == "phone")
            peer.close()
    finally:
        browser.close()
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(2)
    if len(sys.argv) == 4 and sys.argv[2] == "--shots":
        sys.exit(shots(sys.argv[1], sys.argv[3]))
    sys.exit(run(sys.argv[1], sys.argv[2:]))
