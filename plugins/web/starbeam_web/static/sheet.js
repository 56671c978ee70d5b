// A sheet of inputs: rows pasted from a spreadsheet fill cells; Enter and arrows go up and down.
"use strict";
for (const sheet of document.querySelectorAll("[data-sheet]")) {
  const rows = [...sheet.tBodies[0].rows].map(row => [...row.querySelectorAll("input:not([type=hidden])")]);
  const place = cell => {
    const row = rows.findIndex(cells => cells.includes(cell));
    return [row, row < 0 ? -1 : rows[row].indexOf(cell)];
  };
  sheet.addEventListener("paste", event => {
    const text = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "");
    const [top, left] = place(event.target);
    if (top < 0 || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    text.split(/\r?\n/).forEach((line, down) => line.split("\t").forEach((value, right) => {
      const cell = rows[top + down] && rows[top + down][left + right];
      if (cell) cell.value = value.trim();
    }));
    sheet.dispatchEvent(new Event("input", { bubbles: true }));
  });
  sheet.addEventListener("keydown", event => {
    const [row, column] = place(event.target);
    const by = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (row < 0 || !by || (event.target.list && event.key !== "Enter")) return;
    event.preventDefault();
    const next = rows[row + by] && rows[row + by][column];
    if (next) { next.focus(); next.select(); }
  });
}
