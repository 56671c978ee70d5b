// Brings a form back that was sent while nobody was logged in, once the same person has logged in.
"use strict";
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
