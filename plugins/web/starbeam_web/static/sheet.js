// A sheet of inputs: rows pasted from a spreadsheet fill cells, Enter and arrows go to the next, Ctrl+D copies down.
"use strict";
for (const sheet of document.querySelectorAll("[data-sheet]")) {
  const rows = [...sheet.tBodies[0].rows].map(row => [...row.querySelectorAll("input:not([type=hidden], [type=radio])")]);
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
  // Left and right only from the ends of a text: within it they move the caret.
  function aside(cell, key) {
    const [at, end] = { ArrowLeft: [0, -1], ArrowRight: [cell.value.length, 1] }[key] || [];
    return cell.selectionStart === cell.selectionEnd && cell.selectionEnd === at ? end : 0;
  }
  sheet.addEventListener("keydown", event => {
    const cell = event.target, [row, column] = place(cell);
    if (row < 0) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "d") {
      event.preventDefault();
      if (row > 0) cell.value = rows[row - 1][column].value;
      return cell.dispatchEvent(new Event("input", { bubbles: true }));
    }
    const down = cell.list && event.key !== "Enter" ? 0 : { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key] || 0;
    const right = aside(cell, event.key);
    if (!down && !right) return;
    event.preventDefault();
    const next = rows[row + down]?.[column + right];
    if (next) { next.focus(); next.select(); }
  });
}
