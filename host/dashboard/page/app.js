// SPDX-License-Identifier: Apache-2.0
// Shows what /api/line tells. All that comes from outside becomes text nodes; nothing here makes HTML from a string.
"use strict";

const STALE_MS = 6000;
const PAUSE_MS = 400;
const DENSE = 24;       // sockets that are shown with all that is known of them; more are shown in one line each
const at = id => document.getElementById(id);
const count = n => n.toLocaleString("en");
let line = null;        // the newest that the source told
let clockOffset = 0;    // the appliance's clock less ours, in seconds
let heard = performance.now();
let known = null;       // failures already told: reason -> count
const arrived = new Map(); // when a failure was new: reason -> milliseconds
const ARRIVAL_MS = 4000;   // of the animation in app.css
let parts = {};         // what each part of the page shows, as JSON, so that only what changed is drawn

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name === "class") element.className = value;
    else if (name === "on") element.addEventListener("click", value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null && child !== ""));
  return element;
}

function shape(tag, properties) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  return element;
}

function say(id, text) {
  const element = at(id);
  if (element.textContent !== text) element.textContent = text;
}

function now() { return Date.now() / 1000 + clockOffset; }

function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86400) return Math.floor(s / 3600) + " h";
  return count(Math.floor(s / 86400)) + " d";
}

function ago(seconds) { return span(now() - seconds) + " ago"; }

function since(time, suffix) {
  return make("span", { "data-since": time, "data-suffix": suffix }, span(now() - time) + suffix);
}

function duration(ms) {
  return ms < 1000 ? ms + " ms" : (ms / 1000).toLocaleString("en", { maximumFractionDigits: ms < 10000 ? 1 : 0 }) + " s";
}

function moment(text) {
  return text.replace("T", " ").replace("Z", " UTC");
}

function day(seconds) {
  const date = new Date(seconds * 1000);
  return isNaN(date) ? "the end of time" : date.toISOString().slice(0, 10).replaceAll("-", "\u2011"); // hyphens that do not break
}

function uidButton(uid, short) {
  if (uid === "") return null;
  const shown = short && uid.length > 16 ? uid.slice(0, 8) + "…" + uid.slice(-4) : uid;
  const name = "Show unit " + shown + (shown === uid ? "" : ", " + uid); // what is seen must be in it: people say it to their computer
  return make("button", { class: "uid", type: "button", title: uid, "aria-label": name, on: () => find(uid) }, shown);
}

// Draws a part only when what it shows has changed: focus and selection stay where they are.
function part(name, data, draw) {
  const text = JSON.stringify(data);
  if (parts[name] === text) return;
  parts[name] = text;
  const focused = document.activeElement;
  const box = focused && focused.closest("[data-part]");
  const place = box && box.dataset.part === name ? [...box.querySelectorAll("button")].indexOf(focused) : -1;
  draw(data);
  if (place >= 0) {
    const again = document.querySelectorAll(`[data-part=${name}] button`)[place];
    if (again) again.focus();
  }
}

function drawMade(p) {
  const share = n => p && p.quota > 0 ? Math.min(100, 100 * n / p.quota) : 0;
  say("made", p ? count(p.made) : "0");
  say("quota", p ? count(p.quota) : "–");
  const made = share(p ? p.made : 0);
  const way = Math.min(100 - made, share(p ? p.under_way : 0));
  at("made-fill").setAttribute("width", made);
  at("way-fill").setAttribute("x", made);
  at("way-fill").setAttribute("width", way);
  at("made-bar").setAttribute("aria-valuenow", Math.floor(made));
  if (!p) return say("made-note", "No production package is loaded.");
  const left = Math.max(0, p.quota - p.made - p.under_way);
  at("made-bar").setAttribute("aria-valuetext", `${count(p.made)} of ${count(p.quota)}`);
  const rest = left > 0 ? `${count(left)} left` : p.under_way > 0 ? "The quota is given out" : "The quota is used up";
  say("made-note", p.over ? "The package’s time is over: nothing more is made." : `${rest} · ${count(p.under_way)} under way`);
}

function drawYield(d) {
  const bad = d.tried - d.good;
  const share = d.tried === 0 ? null : Math.floor(1000 * d.good / d.tried) / 10;
  say("yield", share === null ? "–" : share.toLocaleString("en", { maximumFractionDigits: 1 }) + "\u202f%");
  const kept = d.quarantined > 0 ? ` · ${count(d.quarantined)} in quarantine` : "";
  say("yield-note", d.tried === 0 ? "Nothing was tried yet." : `${count(bad)} of ${count(d.tried)} failed${kept}`);
}

function drawRate(minutes) {
  const total = minutes.reduce((sum, n) => sum + n, 0);
  const most = Math.max(1, ...minutes);
  say("rate", count(total));
  at("spark").replaceChildren(...minutes.map((n, i) => {
    const height = n === 0 ? 0.3 : Math.max(0.6, 10 * n / most);
    return shape("rect", { class: n === 0 ? "fill pale" : "fill", x: i + 0.12, y: 10 - height, width: 0.76, height });
  }));
  const last = minutes[minutes.length - 1];
  say("rate-note", total === 0 ? "None in the last hour." : `Last 60 minutes · at most ${count(most)} a minute, now ${count(last)}`);
}

const STATES = { idle: "idle", working: "working", done: "done", failed: "failed" };

function socketRow(s) {
  const state = STATES[s.state] || "idle";
  const step = s.step || (state === "idle" ? "Empty" : state);
  return make("tr", { role: "row" },
    make("td", { role: "cell" }, make("span", { class: "name", title: s.socket }, s.socket), make("small", { title: s.station }, s.station)),
    make("td", { role: "cell" },
      make("span", { class: "state " + state }, make("span", { class: "mark", "aria-hidden": "true" }),
        make("span", {}, make("span", { class: "unseen" }, state + ": "), step)),
      s.uid === "" ? null : make("small", {}, uidButton(s.uid, true))),
    make("td", { role: "cell", class: "time" }, s.since > 0 && state !== "idle" ? since(s.since, "") : ""));
}

function drawSockets(d) {
  at("sockets").replaceChildren(...d.sockets.map(socketRow));
  at("sockets-none").hidden = d.sockets.length > 0;
  at("sockets").classList.toggle("dense", d.sockets.length > DENSE);
  const hidden = d.total - d.sockets.length;
  const stations = `${count(d.stations)} ${d.stations === 1 ? "station" : "stations"}`;
  say("sockets-count", d.total === 0 ? "" : `${count(d.total)} at ${stations}` + (hidden > 0 ? `, ${count(hidden)} not shown` : ""));
}

function failureItem(f) {
  const age = performance.now() - (arrived.get(f.reason) ?? -ARRIVAL_MS);
  const last = make("p", { class: "last" }, "Last ", since(f.last, " ago"),
    f.socket !== "" ? ` at socket ${f.socket}` : "", f.station !== "" ? ` of ${f.station}` : "", f.uid !== "" ? " · " : "", uidButton(f.uid));
  const item = make("li", { class: (f.alarm ? "alarm " : "") + (age < ARRIVAL_MS ? "new" : "") },
    make("span", { class: "times" }, count(f.count) + "×"),
    make("div", {}, make("p", { class: "reason" }, f.alarm ? "Alarm: " : "", f.reason),
      f.hint === "" ? null : make("p", { class: "do" }, f.hint), last));
  item.style.animationDelay = `-${Math.round(age)}ms`; // drawn again, it goes on where it was
  return item;
}

function drawFailures(failures) {
  const fresh = known === null ? [] : failures.filter(f => (known.get(f.reason) || 0) < f.count);
  known = new Map(failures.map(f => [f.reason, f.count]));
  for (const f of fresh) arrived.set(f.reason, performance.now());
  at("failures").replaceChildren(...failures.filter(f => f.alarm).map(failureItem), ...failures.filter(f => !f.alarm).map(failureItem));
  at("failures-none").hidden = failures.length > 0;
  const total = failures.reduce((sum, f) => sum + f.count, 0);
  say("failures-count", total === 0 ? "" : count(total));
  if (fresh.length > 0) {
    at("news").replaceChildren(...fresh.slice(0, 3).map(f => make("p", {},
      `${f.alarm ? "Alarm" : "Failure"}: ${f.reason}${f.socket ? " at socket " + f.socket : ""}. ${f.hint}`)));
  }
}

function drawSteps(steps) {
  const most = Math.max(1, ...steps.map(s => s.slow_ms));
  at("steps").replaceChildren(...steps.map(s => {
    const bar = shape("svg", { preserveAspectRatio: "none", viewBox: "0 0 100 1", "aria-hidden": "true" });
    bar.append(shape("rect", { class: "fill pale", width: 100 * s.slow_ms / most, height: 1 }),
      shape("rect", { class: "fill", width: 100 * s.median_ms / most, height: 1 }));
    return make("tr", {}, make("td", {}, s.step, bar), make("td", { class: "number" }, duration(s.median_ms)),
      make("td", { class: "number" }, duration(s.slow_ms)));
  }));
  at("steps").parentElement.hidden = steps.length === 0;
  at("steps-none").hidden = steps.length > 0;
}

const HEALTH = { sound: "Sound", watch: "Look at it", damaged: "Damaged" };

function pair(name, ...value) { return [make("dt", {}, name), make("dd", {}, ...value)]; }

function drawLedger(l) {
  const word = at("ledger-word");
  word.className = "state " + (HEALTH[l.health] ? l.health : "damaged");
  word.lastElementChild.textContent = HEALTH[l.health] || "Damaged";
  at("ledger-note").replaceChildren(l.checkpoint === null ? "No checkpoint yet" : make("span", {}, "Checkpoint ", since(l.checkpoint, " ago")));
  at("ledger-text").hidden = l.text === "";
  say("ledger-text", l.text);
  at("ledger-text").className = "state " + l.health;
  const damaged = l.health === "damaged";
  at("alarm").hidden = !damaged;
  at("alarm").replaceChildren(...(damaged ? [`Ledger damaged: ${l.text}`, l.hint] : []).filter(text => text).map(text => make("p", {}, text)));
  at("ledger-hint").hidden = l.hint === "";
  say("ledger-hint", l.hint);
  const agree = l.tpm_count === null ? "no TPM: the ledger counts alone" :
    l.tpm_count === l.ledger_count ? "agrees with the ledger" : `the ledger holds ${count(l.ledger_count)}`;
  at("ledger").replaceChildren(
    ...pair("Chain", l.chain ? "whole" : "not whole"),
    ...pair("Last checkpoint", l.checkpoint === null ? "none yet" : since(l.checkpoint, " ago")),
    ...(l.events === null ? [] : pair("Events", count(l.events))),
    ...pair("Ledger’s count", count(l.ledger_count)),
    ...pair("TPM’s count", l.tpm_count === null ? agree : `${count(l.tpm_count)}, ${agree}`));
}

function drawLine(d) {
  const p = d.package && { ...d.package, over: d.time > d.package.not_after };
  part("head", [d.product, d.appliance, d.release, p && p.number, p && p.not_after], () => {
    say("product", d.product || "Windlass");
    document.title = `${d.product || "Line"} · Windlass`;
    const until = p === null ? "" : ` · package ${count(p.number)}, until ${day(p.not_after)}`;
    say("where", d.appliance + until);
    say("release", d.release || "Windlass");
  });
  part("made", p, drawMade);
  part("yield", { tried: d.tried, good: d.good, quarantined: d.quarantined }, drawYield);
  part("rate", d.minutes, drawRate);
  part("failures", d.failures, drawFailures);
  part("sockets", { sockets: d.sockets, total: d.sockets_total, stations: d.stations }, drawSockets);
  part("steps", d.steps, drawSteps);
  part("ledger", d.ledger, drawLedger);
}

// What stands between the reader and a true picture; an empty one goes away.
function notice(what, hint) {
  part("notice", [what, hint], () => {
    at("notice").hidden = what === "";
    at("notice").replaceChildren(...[what, hint].filter(text => text).map(text => make("p", {}, text)));
  });
  document.body.classList.toggle("stale", what !== "");
  at("link").className = "state " + (what === "" ? "sound" : "failed");
  say("link-text", what === "" ? "Live" : "Not live");
}

function tick() {
  for (const element of document.querySelectorAll("[data-since]")) {
    const text = span(now() - Number(element.dataset.since)) + element.dataset.suffix;
    if (element.textContent !== text) element.textContent = text;
  }
  say("clock", new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const silent = performance.now() - heard;
  if (silent > STALE_MS) {
    notice(`The appliance has not answered for ${span(silent / 1000)}.`, "What you see is old. Is windlassd running, and this network up?");
  }
}

function take(d) {
  heard = performance.now();
  clockOffset = d.time - Date.now() / 1000;
  if (d.fault) return notice(`The appliance cannot tell the state of the line: ${d.fault.what}`, d.fault.hint);
  line = d;
  drawLine(d);
  notice("", "");
}

const pause = ms => new Promise(done => setTimeout(done, ms));

async function watch() {
  let version = 0;
  for (;;) {
    try {
      const answer = await fetch("/api/line?after=" + version, { signal: AbortSignal.timeout(STALE_MS) });
      if (answer.status === 401) return location.assign("/");
      if (!answer.ok) throw new Error(answer.status);
      const d = await answer.json();
      take(d);
      version = d.version;
    } catch (error) {
      version = 0;
      await pause(1000);
    }
    await pause(PAUSE_MS);
  }
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(10000) });
  if (answer.status === 401) location.assign("/");
  const body = await answer.json();
  if (!answer.ok) throw new Error([body.what, body.hint].filter(text => text).join(": "));
  return body;
}

const WAY = [["reserved_at", "Reserved"], ["checked_at", "Checked"], ["done_at", "Done, seen locked"]];

function wayOf(u) {
  const steps = WAY.map(([key, text]) => make("li", u[key] ? { class: "reached" } : {}, make("span", { class: "mark", "aria-hidden": "true" }),
    make("span", {}, text), make("span", {}, u[key] ? moment(u[key]) : "not yet")));
  if (u.quarantined_at) {
    steps.push(make("li", { class: "wrong" }, make("span", { class: "mark", "aria-hidden": "true" }), make("span", {}, "Quarantined"),
      make("span", {}, moment(u.quarantined_at))));
  }
  if (u.debugged_at) {
    steps.push(make("li", { class: "wrong" }, make("span", { class: "mark", "aria-hidden": "true" }), make("span", {}, "Debug rights given"),
      make("span", {}, moment(u.debugged_at))));
  }
  return make("ol", { class: "way" }, ...steps);
}

function certificateView(title, c) {
  if (c === null) return "";
  return make("details", {}, make("summary", {}, title), make("dl", {},
    ...pair("Subject", c.subject), ...pair("Issuer", c.issuer), ...pair("Serial number", c.serial), ...pair("Use", c.usage),
    ...pair("Valid from", moment(c.not_before)), ...pair("Valid until", c.not_after.startsWith("9999") ? "no end" : moment(c.not_after)),
    ...pair("SHA-256", c.sha256)), make("pre", { tabindex: "0", role: "region", "aria-label": title + ", PEM" }, c.pem));
}

async function showUnit(u) {
  const yes = flag => flag ? "yes" : "not yet";
  const view = [make("h3", { tabindex: "-1" }, "Unit ", count(u.number), ": ", u.state), make("p", { class: "uid" }, u.uid), wayOf(u),
    make("dl", {}, ...pair("Package", count(u.package)), ...pair("Application", u.sequence ? "sequence " + count(u.sequence) : "not yet"),
      ...pair("Grant", yes(u.grant)), ...pair("Receipt", yes(u.receipt)), ...pair("Own token", u.token ? "yes" : "none"))];
  if (u.certificates) {
    const c = await ask("/api/certificate?uid=" + encodeURIComponent(u.uid));
    view.push(certificateView("Device certificate", c.device), certificateView("Update certificate", c.update));
  }
  at("found").replaceChildren(...view.filter(child => child !== ""));
}

function showMatches(d) {
  const rest = d.total - d.units.length;
  at("found").replaceChildren(make("p", {}, `${count(d.total)} units begin so` + (rest > 0 ? `; the first ${d.units.length}:` : ":")),
    make("ol", { class: "plain matches" }, ...d.units.map(u => make("li", {}, uidButton(u.uid), make("span", { class: "quiet" }, u.state)))));
}

let lookup = 0;

async function search(text) {
  const mine = ++lookup;
  if (text === "") return at("found").replaceChildren();
  try {
    const d = await ask("/api/unit?uid=" + encodeURIComponent(text));
    if (mine !== lookup) return;
    if (d.units.length === 0) at("found").replaceChildren(make("p", {}, "No unit’s unique ID begins so: ", make("span", { class: "uid" }, text)));
    else if (d.units.length === 1) await showUnit(d.units[0]);
    else showMatches(d);
  } catch (error) {
    if (mine === lookup) at("found").replaceChildren(make("p", { class: "state failed" }, "Not found: " + error.message));
  }
}

// The unit that is looked at stands in the address, so that going back and sending the address on work.
function find(text) {
  const hash = text === "" ? "" : "#unit=" + encodeURIComponent(text);
  if (location.hash !== hash) history.pushState(null, "", location.pathname + hash);
  at("query").value = text;
  search(text);
  if (text !== "") at("search-head").scrollIntoView({ block: "nearest" });
}

function fromAddress() {
  const text = new URLSearchParams(location.hash.slice(1)).get("unit") || "";
  at("query").value = text;
  search(text);
}

for (const name of ["failures", "sockets"]) at(name).dataset.part = name;
at("search").addEventListener("submit", event => { event.preventDefault(); find(at("query").value.trim()); });
window.addEventListener("popstate", fromAddress);
setInterval(tick, 1000);
tick();
if (location.hash.startsWith("#unit=")) fromAddress();
watch();
