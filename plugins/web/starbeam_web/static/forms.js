// Forms are sent once however often a button is pressed, and whoever leaves what they typed is asked; a form
// that was sent while nobody was logged in comes back, once the same person has logged in.
"use strict";
for (const form of document.querySelectorAll("main form[method=post]")) {
  let typed = Boolean(form.querySelector(".errors")), sent = false;
  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", event => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => { sent = false; });
  addEventListener("beforeunload", event => { if (typed && !sent) event.preventDefault(); });
}
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
