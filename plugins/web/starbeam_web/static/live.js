// Live pages: one stream for the browser, shared by its tabs; what is shown changes in place, and what is new
// waits behind a button once somebody has scrolled. Without a stream the page is asked again every 15 seconds.
"use strict";
(() => {
  const root = document.querySelector("[data-stream]");
  if (!root) return;

  const GATHER = 250, PLOT = 3000, POLL = 15000, HIDDEN = 60000, ROLL = 60000, SAY = 10000, TOP = 40, MOST = 200;
  const sessions = (root.dataset.sessions || "").split(" ").filter(Boolean).map(Number);
  const keys = root.dataset.keys && root.dataset.keys.split(" "); // of events; else all of the sessions
  const feed = root.dataset.cards ? root : null;
  const sign = document.querySelector("[data-live-sign]");
  const spoken = document.querySelector("[data-live-said]");
  const button = document.querySelector("[data-live-more]");
  const me = Math.random().toString(36).slice(2);
  const shared = sessions.length && "BroadcastChannel" in window && navigator.locks && "EventSource" in window;

  // -- what the page shows ---------------------------------------------------------------

  const card = key => document.getElementById(key);
  const cards = within => [...within.querySelectorAll("li.ev[data-start]")];
  const waiting = new Map();

  function tell(state) {
    if (!sign) return;
    sign.textContent = state;
    sign.classList.toggle("off", state !== "live");
    sign.hidden = false;
  }

  // Whatever changes above or within what somebody reads, they go on reading at the same place.
  function still(change) {
    const seen = cards(document).find(one => one.getBoundingClientRect().bottom > 60);
    const before = seen && seen.getBoundingClientRect().top;
    const focused = document.activeElement, holder = focused && focused.closest("li.ev, [data-live-part]");
    const place = holder ? [...holder.querySelectorAll("a, button, summary, input, select")].indexOf(focused) : -1;
    change();
    if (seen && seen.isConnected && scrollY > TOP) scrollBy(0, seen.getBoundingClientRect().top - before);
    const now = place >= 0 && holder.isConnected && holder.querySelectorAll("a, button, summary, input, select")[place];
    if (now && now !== document.activeElement) now.focus({ preventScroll: true });
  }

  // Only what differs is touched: pictures that are the same stay, what is open too.
  function refill(old, fresh) {
    const before = [...old.childNodes], after = [...fresh.childNodes];
    after.forEach((one, at) => {
      const was = before[at];
      if (!was) old.append(one);
      else if (was.isEqualNode(one)) return;
      else if (was.dataset && "filled" in was.dataset) was.dispatchEvent(new Event("stale", { bubbles: true }));
      else if (was.nodeName !== one.nodeName || was.nodeType !== Node.ELEMENT_NODE) was.replaceWith(one);
      else { dress(was, one); refill(was, one); }
    });
    before.slice(after.length).forEach(one => one.remove());
  }

  function dress(old, fresh) {
    for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }

  function insert(fresh) {
    const day = fresh.dataset.start.slice(0, 10);
    let list = feed.querySelector(`ol[data-day="${day}"]`);
    if (!list) {
      const [head, made] = [document.createElement("h2"), document.createElement("ol")];
      head.className = "day";
      head.textContent = fresh.dataset.dayName;
      made.dataset.day = day;
      made.setAttribute("role", "feed");
      made.setAttribute("aria-label", `Events of ${fresh.dataset.dayName}, newest first`);
      const later = [...feed.querySelectorAll("ol[data-day]")].find(one => one.dataset.day < day);
      const before = later ? later.previousElementSibling : feed.querySelector("[data-live-end]");
      feed.querySelectorAll("[data-live-none]").forEach(one => one.remove());
      feed.insertBefore(head, before);
      feed.insertBefore(made, before);
      list = made;
    }
    const older = cards(list).find(one => one.dataset.start < fresh.dataset.start);
    list.insertBefore(fresh, older || null);
    fresh.classList.add("new");
    setTimeout(() => fresh.classList.remove("new"), 60000);
  }

  function place() {
    still(() => waiting.forEach(insert));
    waiting.clear();
    count();
    cards(feed).slice(MOST).forEach(one => one.remove());
  }

  function count() {
    if (!button) return;
    button.hidden = !waiting.size;
    button.textContent = `${waiting.size} new event${waiting.size === 1 ? "" : "s"}`;
  }

  // Take cards of an answer: those that are shown change where they are, newer ones are put above or wait.
  function take(answer) {
    const shown = cards(feed), oldest = shown.length ? shown[shown.length - 1].dataset.start : "";
    const news = [];
    still(() => cards(answer).forEach(fresh => {
      const old = card(fresh.id);
      if (old) refill(old, fresh);
      else if (fresh.dataset.start >= oldest) {
        if (!waiting.has(fresh.id)) news.push(fresh);
        waiting.set(fresh.id, document.importNode(fresh, true));
      }
    }));
    if (waiting.size && scrollY <= TOP) place();
    count();
    if (news.length) say(news);
  }

  let saidAt = 0, toSay = [], saying;
  function say(news) {
    toSay.push(...news);
    clearTimeout(saying);
    saying = setTimeout(() => {
      const last = toSay[toSay.length - 1].querySelector("article");
      const outcome = last.querySelector(".out"), name = last.querySelector("h3");
      const words = [name, outcome].map(one => one ? one.textContent.replace(/\s+/g, " ").trim() : "").join(" ");
      if (spoken) spoken.textContent = `${toSay.length} new event${toSay.length === 1 ? "" : "s"}, last: ${words}`;
      [saidAt, toSay] = [Date.now(), []];
    }, Math.max(0, saidAt + SAY - Date.now()));
  }

  async function ask(address) {
    const answer = await fetch(address, { credentials: "same-origin", cache: "no-cache", headers: { Accept: "text/html" } });
    if (answer.redirected && new URL(answer.url).pathname.endsWith("/login") || answer.status === 401) return out();
    const text = answer.ok && await answer.text();
    return text && !paused ? new DOMParser().parseFromString(text, "text/html") : null;
  }

  function out() {
    stop();
    tell("off: log in again");
    return null;
  }

  // The whole page again: what changed while nobody told.
  async function refresh() {
    const answer = await ask(location.href);
    if (!answer) return;
    const now = answer.querySelector("[data-stream]");
    if (now && now.dataset.sessions !== root.dataset.sessions) return location.reload(); // others run now
    if (feed) take(answer);
    answer.querySelectorAll("[data-live-part][id]").forEach(fresh => {
      const old = document.getElementById(fresh.id);
      if (!old || old.isEqualNode(fresh)) return;
      still(() => refill(old, fresh));
      old.dispatchEvent(new Event("refilled", { bubbles: true }));
    });
  }

  const due = new Map(), asked = new Map();
  let gathering, parts;
  function changed(one) {
    if (!feed) { due.set("", 0); return gather(PLOT); }
    due.set(one.key, 0);
    gather(GATHER);
  }

  function gather(wait) {
    gathering = gathering || setTimeout(async () => {
      gathering = null;
      const now = Date.now(), keys = [...due.keys()].filter(key => now - (asked.get(key) || 0) >= PLOT).slice(0, 50);
      keys.forEach(key => { due.delete(key); asked.set(key, now); });
      if (due.size) gather(1000);
      if (!keys.length) return;
      try {
        if (!feed) await refresh();
        else {
          const query = new URLSearchParams(location.search);
          query.set("keys", keys.join(","));
          const answer = await ask(`${feed.dataset.cards}?${query}`);
          if (answer) take(answer);
          if (answer) keys.forEach(key => card(key) && card(key).classList.toggle("gone", !answer.getElementById(key)));
          parts = parts || setTimeout(() => { parts = null; refresh().catch(() => {}); }, POLL);
        }
      } catch { keys.forEach(key => due.set(key, 0)); gather(2000); }
    }, wait);
  }

  // -- who listens -----------------------------------------------------------------------

  let source, leaving, polling, paused = false, failures = 0, last = "", listened = "";
  const wanted = new Map();
  const channel = shared ? new BroadcastChannel("starbeam-live") : null;
  const post = said => channel && channel.postMessage({ ...said, from: me });

  const concerns = one => sessions.includes(one.sessionId) && (!keys || keys.includes(one.key));
  function hear(said) {
    last = said.last || last;
    if (said.change && !paused && concerns(said.change)) changed(said.change);
    if (said.state && !paused) state(said.state);
  }

  function state(name) {
    tell(name);
    if (name === "polling") poll();
    else if (polling) { clearInterval(polling); polling = null; }
  }

  function poll() {
    polling = polling || setInterval(() => refresh().catch(() => tell("reconnecting")), POLL);
  }

  function listen() {
    const all = [...new Set([...wanted.values()].flatMap(one => one.sessions))].sort((a, b) => a - b);
    const query = all.map(one => `sessionId=${one}`).join("&");
    if (!leaving || source && listened === query) return;
    if (source) source.close();
    source = null;
    if (!all.length) return;
    listened = query;
    source = new EventSource(`${root.dataset.stream}?${query}${last ? "&lastEventId=" + encodeURIComponent(last) : ""}`);
    source.onopen = () => { failures = 0; spread({ state: "live" }); };
    source.onmessage = message => {
      spread({ change: JSON.parse(message.data), last: message.lastEventId });
    };
    source.onerror = () => {
      failures += 1;
      spread({ state: failures < 3 ? "reconnecting" : "polling" });
      if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(listen, POLL); }
    };
  }

  function spread(said) {
    hear(said);
    post(said);
  }

  // Those that have not said for long that they are there are not.
  function roll() {
    const now = Date.now();
    wanted.forEach((one, who) => { if (who !== me && now - one.at > 2 * ROLL) wanted.delete(who); });
    post({ ask: true });
    listen();
  }

  function lead() {
    return new Promise(done => {
      wanted.set(me, { sessions, at: Date.now() });
      post({ ask: true });
      setTimeout(listen, GATHER);
      const rolling = setInterval(roll, ROLL);
      leaving = () => {
        clearInterval(rolling);
        if (source) source.close();
        source = leaving = null;
        wanted.clear();
        done();
      };
    });
  }

  let queued;
  function start() {
    paused = false;
    if (!shared) { tell("polling"); return poll(); }
    post({ sessions });
    queued = new AbortController();
    navigator.locks.request("starbeam-live", { signal: queued.signal }, lead).catch(() => {});
    tell("reconnecting");
  }

  function stop() {
    paused = true;
    if (polling) { clearInterval(polling); polling = null; }
    if (!shared) return;
    post({ sessions: [] });
    if (leaving) leaving();
    else if (queued) queued.abort();
  }

  if (channel) channel.onmessage = ({ data }) => {
    if (data.ask && !paused) post({ sessions });
    if (data.sessions && leaving) {
      data.sessions.length ? wanted.set(data.from, { sessions: data.sessions, at: Date.now() }) : wanted.delete(data.from);
      listen();
      if (source && source.readyState === EventSource.OPEN) post({ state: "live" });
    }
    hear(data);
  };

  let hiding;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(() => { stop(); tell("paused"); }, HIDDEN);
    else if (paused) { start(); refresh().catch(() => {}); }
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", shown => { if (shown.persisted) { start(); refresh().catch(() => {}); } });
  addEventListener("scroll", () => { if (feed && waiting.size && scrollY <= TOP) place(); }, { passive: true });
  if (button) button.addEventListener("click", () => { scrollTo(0, 0); place(); });
  start();
  if ("follow" in root.dataset) setInterval(() => { if (!paused && !polling) refresh().catch(() => {}); }, ROLL);
  setTimeout(() => refresh().catch(() => {}), 2000); // what happened between the page and the stream
})();
