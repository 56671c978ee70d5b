// Offers the versions that are built beside this one; ../versions.js, which docs/versions.py writes, says which.
addEventListener("DOMContentLoaded", () => {
  const site = `${document.documentElement.dataset.content_root}../`;
  const list = document.createElement("script");
  list.src = `${site}versions.js`;
  list.onload = () => {
    const choice = document.createElement("select");
    choice.className = "versions";
    choice.setAttribute("aria-label", "Version");
    for (const name of STARBEAM_VERSIONS)
      choice.add(new Option(name, name, false, name === DOCUMENTATION_OPTIONS.VERSION));
    choice.onchange = () => { location.href = `${site}${choice.value}/index.html`; };
    document.querySelector(".sidebar-search-container").after(choice);
  };
  document.head.append(list);
});
