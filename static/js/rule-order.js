// The order of rules: a row is dragged by its number, or moved by Alt and an arrow. Without script two buttons do it.
// The answer is the list as it then stands; the toast that comes along says the new place and takes it back.
let drag = null;

const rowOf = (event) => event.target.closest?.(".rules > li[data-move]");
const all = (row) => [...row.parentElement.children];

function move(row, place) {
  const form = row.querySelector(".rule-order form");
  if (!form || place < 1 || place > all(row).length || place === all(row).indexOf(row) + 1) return;
  window.htmx.ajax("POST", row.dataset.move.replace(/0\/$/, `${place}/`), { source: form, target: "#list" });
}

document.addEventListener("keydown", (event) => {
  const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const row = by && rowOf(event);
  if (!row) return;
  event.preventDefault();
  move(row, all(row).indexOf(row) + 1 + by);
});

function unmark() {
  drag?.row.parentElement.querySelectorAll("[data-drop]").forEach((row) => delete row.dataset.drop);
}

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest?.(".rules .rank[data-handle]");
  if (!handle || event.button) return;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  drag = { row: handle.closest("li"), to: null };
  drag.row.dataset.dragged = "";
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  unmark();
  const rows = all(drag.row);
  const over = rows.findIndex((row) => event.clientY < row.getBoundingClientRect().bottom);
  const target = over < 0 ? rows.length - 1 : over;
  drag.to = target + 1;
  const from = rows.indexOf(drag.row);
  if (target !== from) rows[target].dataset.drop = target < from ? "before" : "after";
});

function end(event) {
  if (!drag) return;
  const { row, to } = drag;
  unmark();
  delete row.dataset.dragged;
  drag = null;
  if (event.type === "pointerup" && to) move(row, to);
}
document.addEventListener("pointerup", end);
document.addEventListener("pointercancel", end);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && drag) end(event);
});
