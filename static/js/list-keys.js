// J, K and the arrows walk over the rows of a list; Enter opens the row, as on any link.
const typed = "input, textarea, select, [contenteditable], .tabs, [role=group], dialog";

function rows() {
  return [...document.querySelectorAll(".rows a.row, .rules a.row")].filter((row) => row.checkVisibility?.() !== false);
}

function step(by) {
  const all = rows();
  if (!all.length) return false;
  let at = all.indexOf(document.activeElement);
  if (at < 0) {
    at = all.findIndex((row) => row.hasAttribute("aria-current"));
    if (at < 0 && by < 0) return false;
  }
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next.focus({ preventScroll: true });
  next.closest("tr, li")?.scrollIntoView({ block: "nearest" });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest?.(typed) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const inList = document.activeElement?.matches?.("a.row");
  const by = { j: 1, k: -1 }[event.key] ?? (inList ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
  if (by && step(by)) event.preventDefault();
});
