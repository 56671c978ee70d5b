// On every page: tables and texts are copied, pictures of one thing are looked through in a box, keys lead on, and what was typed is
// forgotten once it is stored, or its person has logged out.
"use strict";
(() => {
  // -- copying ---------------------------------------------------------------------------

  const FORMULA = /^[=+\-@]/, NUMBER = /^[-+]?[\d.,]+(e[-+]?\d+)?$/i;

  // What is pasted into a spreadsheet is no formula there.
  function cellText(cell) {
    const text = cell.innerText.replace(/\s+/g, " ").trim();
    return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  }

  // Rows with tabs between their cells, and the address of what the table is about.
  function tableText(table, address) {
    const rows = [...table.rows].map(row => [...row.cells].map(cellText).join("\t"));
    return [...rows, new URL(address, location.href).href].join("\n");
  }

  // Browsers have the clipboard behind TLS only.
  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "vh" });
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  function say(words) {
    document.querySelectorAll(".toast").forEach(one => one.remove());
    const toast = Object.assign(document.createElement("p"), { className: "toast" });
    toast.setAttribute("role", "status");
    document.body.append(toast);
    toast.textContent = words;
    setTimeout(() => toast.remove(), 6000);
  }

  async function copied(button) {
    const { copy: text, copyLink: address, copyTable: of } = button.dataset;
    const table = () => tableText(button.closest(".in").querySelector("table"), of);
    await copy(text ?? (address ? new URL(address, location.href).href : table())).then(() => say("Copied"), () => say("This browser does not let pages copy"));
    button.focus();
  }

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-copy], [data-copy-link], [data-copy-table]");
    if (button) copied(button);
  });

  // -- tabs ------------------------------------------------------------------------------

  // On a narrow screen the tab of this page may be beyond the edge.
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const tabs = tab.parentElement;
    tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }

  // -- positions of containers -----------------------------------------------------------

  // What is pointed at in a drawn container is marked in the table too, and the other way round.
  const marks = (href, on) => document.querySelectorAll(`.puck a[href="${href}"], tbody tr:has(th a[href="${href}"])`)
    .forEach(one => one.classList.toggle("near", on));
  for (const [kind, on] of [["pointerover", true], ["pointerout", false]]) {
    if (document.querySelector(".puck")) document.addEventListener(kind, event => {
      const link = event.target.closest(".puck a") || event.target.closest("tbody tr")?.querySelector("th a");
      if (link) marks(link.getAttribute("href"), on);
    });
  }

  // -- what was typed (forms.js keeps it) ------------------------------------------------

  const kept = () => Object.keys(sessionStorage).filter(key => key.startsWith("starbeam."));
  const forget = keys => keys.forEach(key => sessionStorage.removeItem(key));
  const { owner } = document.documentElement.dataset;
  const stored = document.querySelector("[data-stored]");
  if (stored) forget([`starbeam.draft ${new URL(stored.dataset.stored, location.href).pathname}`]);
  // Beamlines share computers: nobody finds what somebody else has typed.
  const isOfOthers = key => key.startsWith("starbeam.draft ") && JSON.parse(sessionStorage.getItem(key)).owner !== owner;
  if (owner) forget(kept().filter(isOfOthers));
  const tabs = "BroadcastChannel" in window && new BroadcastChannel("starbeam.log-out");
  function forgetAll() {
    forget(kept());
    delete document.documentElement.dataset.owner;
  }
  if (tabs) tabs.addEventListener("message", forgetAll);
  document.querySelector("[data-log-out]")?.addEventListener("submit", () => {
    forgetAll();
    if (tabs) tabs.postMessage("");
  });

  // -- parts of other pages --------------------------------------------------------------

  async function partOf(address, selector) {
    const answer = await fetch(address);
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(selector);
  }

  // In place of the link that leads there; anew when what stands around it has changed (live.js).
  async function inline(place, address) {
    place.dataset.filled = address;
    try {
      const part = await partOf(address, new URL(address).hash);
      part.removeAttribute("id");
      place.replaceChildren(part);
    } catch {
      location.assign(address);
    }
  }

  document.addEventListener("click", async event => {
    const link = event.target.closest("[data-inline] > a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const place = link.parentElement;
    await inline(place, link.href);
    place.querySelector("summary").focus();
  });
  document.addEventListener("stale", event => inline(event.target, event.target.dataset.filled));

  // Beside the page where the screen is wide enough, and anew every minute.
  const aside = document.querySelector("[data-wide]");
  async function fill() {
    if (document.hidden || !aside.getClientRects().length) return;
    const part = await partOf(aside.dataset.wide, aside.dataset.widePart).catch(() => null);
    if (part) aside.querySelector("[data-wide-here]").replaceChildren(part);
  }
  if (aside) {
    fill();
    addEventListener("resize", fill);
    setInterval(fill, 60_000);
  }

  // -- times -----------------------------------------------------------------------------

  // Pages have the facility's. Who sits in another zone sees their own by pointing at one, or chooses to see these.
  const zone = document.querySelector("[data-zone]");
  const two = number => String(number).padStart(2, "0");
  const isMine = document.documentElement.dataset.times === "mine";
  const written = new WeakMap();
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  function offset(when) {
    const minutes = -when.getTimezoneOffset(), away = Math.abs(minutes);
    return `${minutes < 0 ? "-" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
  }

  // As the facility's stands there: `14:24:40`, of another day with it, or `Sat 28 Nov 09:00`.
  function own(when, said, text) {
    const clock = `${two(when.getHours())}:${two(when.getMinutes())}`;
    const day = `${DAYS[when.getDay()]} ${when.getDate()} ${MONTHS[when.getMonth()]}`;
    const year = when.getFullYear() === new Date().getFullYear() ? "" : ` ${when.getFullYear()}`;
    if (!/^[\d:]+$/.test(text)) return `${day}${year} ${clock}`;
    return `${Number(said.slice(8, 10)) === when.getDate() ? "" : `${day} `}${clock}:${two(when.getSeconds())}`;
  }

  function convert() {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const text = time.textContent, said = time.dateTime, when = new Date(said);
      if ((time.title && written.get(time) === text) || said.slice(19) === offset(when)) continue;
      const mine = own(when, said, text);
      time.title = isMine ? `At the facility ${text}` : `Your time ${mine}`;
      if (isMine) time.textContent = mine;
      written.set(time, time.textContent);
    }
  }

  if (zone && zone.dataset.zone !== offset(new Date())) {
    document.querySelectorAll("[data-times-choice]").forEach(one => { one.hidden = false; });
    if (isMine) zone.textContent = `Times in ${Intl.DateTimeFormat().resolvedOptions().timeZone}, yours`;
    convert();
    new MutationObserver(convert).observe(document.body, { childList: true, subtree: true, attributeFilter: ["title"] });
  }

  // -- keys ------------------------------------------------------------------------------

  const cards = () => [...document.querySelectorAll("li.ev > article")];
  let here = null, went = 0;

  // To the next event, or, with -1, the one before.
  function step(by) {
    const all = cards(), at = all.indexOf(here) + by;
    here = all[Math.min(Math.max(at, 0), all.length - 1)];
    if (!here) return;
    here.tabIndex = -1;
    here.focus({ preventScroll: true });
    here.scrollIntoView({ block: "center" });
  }

  function unfold() {
    const strip = here && here.querySelector("details");
    if (strip) strip.open = !strip.open;
  }

  function newest() {
    const waiting = document.querySelector("[data-live-more]:not([hidden])");
    if (waiting) waiting.click();
    scrollTo(0, 0);
    here = null;
  }

  function copyLink() {
    const of = here && here.querySelector("[data-copy-link]");
    if (of) copied(of);
    else copy(location.href).then(() => say("Copied"), () => {});
  }

  const SAID = { "/": "search", "g s": "sessions", "g p": "proposals", j: "next event", k: "previous event",
    o: "its processing", c: "copy its link", ".": "newest event", "?": "these keys", Esc: "close" };

  function help() {
    const box = document.createElement("dialog");
    box.className = "box";
    box.setAttribute("aria-label", "Keys");
    const rows = Object.entries(SAID).map(([key, words]) => `<dt><kbd>${key}</kbd></dt><dd>${words}</dd>`);
    box.innerHTML = `<h2>Keys</h2><dl class="facts">${rows.join("")}</dl>`;
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
  }

  const PLACES = { s: "/sessions", p: "/proposals" };
  function go(name) {
    const link = document.querySelector(`.nav a[href$="${PLACES[name]}"]`);
    if (link) location.assign(link.href);
  }

  const KEYS = { j: () => step(1), k: () => step(-1), o: unfold, c: copyLink, ".": newest, "?": help,
    "/": () => document.getElementById("q").focus() };
  // The frame viewer has keys of its own, and the log-in page nothing to go to.
  const off = document.documentElement.dataset.keys === "off" || document.querySelector(".view") || !document.querySelector(".bar");

  if (!off) document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog")) return;
    const beside = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (beside) return document.querySelector(`[data-arrows] [rel="${beside}"]`)?.click();
    const second = Date.now() - went < 1500;
    went = event.key === "g" ? Date.now() : 0;
    const act = second && PLACES[event.key] ? () => go(event.key) : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
