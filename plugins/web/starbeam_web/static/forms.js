// Forms are sent once however often a button is pressed, and whoever leaves what they typed is asked. What is typed is kept in this
// tab until it is stored, and stands there again when the form is opened anew. A form that was sent while nobody was logged in comes
// back, once the same person has logged in. Long texts say how much of them fits.
"use strict";
(() => {
  const root = document.documentElement;

  // -- drafts ----------------------------------------------------------------------------

  const addressOf = form => new URL(form.getAttribute("action"), location.href).pathname;
  const keyOf = form => `starbeam.draft ${addressOf(form)}`;
  // No password, no token, no file; what a form was opened with belongs to what is typed.
  const fieldsOf = form => [...form.elements].filter(one => one.name && !["csrf", "again"].includes(one.name)
    && !["submit", "button", "password", "file"].includes(one.type));
  const isTick = one => one.type === "checkbox" || one.type === "radio";
  const stateOf = one => isTick(one) ? one.checked : one.value;
  const put = (one, state) => { if (isTick(one)) one.checked = state; else one.value = state; };

  function keep(form) {
    if (!root.dataset.owner) return; // nobody is logged in, or they have logged out in another tab
    const states = {};
    for (const one of fieldsOf(form)) (states[one.name] ??= []).push(stateOf(one));
    try { sessionStorage.setItem(keyOf(form), JSON.stringify({ owner: root.dataset.owner, states })); } catch { return; } // no room
    sayIsKept(form);
  }

  function sayIsKept(form) {
    const row = form.querySelector("[data-cancel]")?.parentElement;
    if (!row) return;
    const said = row.querySelector("[data-kept-at]") || row.appendChild(Object.assign(document.createElement("span"), { className: "xs soft push" }));
    said.dataset.keptAt = "";
    said.textContent = `Kept in this tab until it is stored, ${new Date().toTimeString().slice(0, 5)}`;
  }

  const drop = form => sessionStorage.removeItem(keyOf(form));

  // Whether something came back that the form does not hold.
  function comesBack(form) {
    const draft = JSON.parse(sessionStorage.getItem(keyOf(form)) || "null");
    if (!draft || draft.owner !== root.dataset.owner) return false;
    let differs = false;
    for (const one of fieldsOf(form)) {
      const state = draft.states[one.name]?.shift();
      if (state === undefined || state === stateOf(one)) continue;
      put(one, state);
      if (one.type === "hidden") continue;
      differs = true;
      one.closest("details")?.setAttribute("open", "");
    }
    return differs;
  }

  function sayIsBack(form) {
    const said = document.createElement("p"), discard = document.createElement("button");
    said.className = "bar-note";
    said.setAttribute("role", "status");
    said.textContent = "What you typed here before is back. It is not stored yet.";
    Object.assign(discard, { type: "button", className: "btn push", textContent: "Discard it" });
    discard.addEventListener("click", () => {
      drop(form);
      form.dispatchEvent(new Event("left"));
      location.replace(location.href);
    });
    said.append(discard);
    form.prepend(said);
  }

  // -- sending and leaving ---------------------------------------------------------------

  const LONG = 10_000; // milliseconds after which a form may be sent again: the server finds what it has already

  function watch(form) {
    const answered = "sent" in root.dataset && addressOf(form) === location.pathname;
    let typed = Boolean(form.querySelector(".errors")), sent = false;
    if (answered) keep(form); // newer than what was kept
    else if (comesBack(form)) {
      typed = true;
      sayIsBack(form);
    }
    const free = () => {
      sent = false;
      form.querySelectorAll("button[data-held]").forEach(one => { one.disabled = false; delete one.dataset.held; });
    };
    const hold = () => form.querySelectorAll("button:not([disabled])").forEach(one => { one.disabled = true; one.dataset.held = ""; });
    for (const kind of ["input", "change"]) form.addEventListener(kind, () => { typed = true; keep(form); });
    form.addEventListener("left", () => { typed = false; });
    form.querySelector("[data-cancel]")?.addEventListener("click", () => drop(form));
    form.addEventListener("submit", event => {
      if (sent) return event.preventDefault();
      sent = true;
      setTimeout(hold); // after the browser has read which button it was
      setTimeout(free, LONG);
    });
    addEventListener("pageshow", free);
    addEventListener("beforeunload", event => { if (typed && !sent) event.preventDefault(); });
  }

  document.querySelectorAll("main form[method=post]").forEach(watch);

  // -- lengths ---------------------------------------------------------------------------

  for (const field of document.querySelectorAll("[data-most]")) {
    const most = Number(field.dataset.most);
    const said = Object.assign(document.createElement("p"), { className: "hint", id: `${field.id}-n`, hidden: true });
    field.closest(".field").append(said);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${said.id}`.trim());
    const count = () => {
      const length = [...field.value.trim()].length;
      said.hidden = length < 0.8 * most;
      said.classList.toggle("over", length > most);
      said.textContent = `${length} of ${most} characters${length > most ? `: ${length - most} too many` : ""}`;
    };
    field.addEventListener("input", count);
    count();
  }

  // -- a log-out in between --------------------------------------------------------------

  const KEPT = "starbeam.kept";
  const send = (to, fields) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = to;
    for (const [name, value] of fields) {
      const field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      form.append(field);
    }
    form.hidden = true;
    document.body.append(form);
    form.submit();
  };
  // The log-in page keeps it for those who log in at a provider's page.
  const shown = document.querySelector("[data-kept]");
  if (shown) sessionStorage.setItem(KEPT, shown.value);
  const again = document.querySelector("[data-again]");
  if (again) {
    sessionStorage.removeItem(KEPT);
    again.submit();
  }
  // Pages with forms take it back.
  const token = document.querySelector("main [name=csrf]");
  if (token && !shown && !again) {
    const text = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    const kept = text && JSON.parse(text);
    if (kept && kept.fields.some(([name, value]) => name === "csrf" && value === token.value)) {
      send(kept.to, [...kept.fields.filter(([name]) => name !== "again"), ["again", "1"]]);
    }
  }
})();
