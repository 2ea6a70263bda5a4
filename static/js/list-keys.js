// J, K and the arrows walk over the rows of a list; Enter opens the row, as on any link. Where keys act on what is open
// beside the list, the row opens by itself as soon as one stays on it: what is marked is what is open.
const typed = "input, textarea, select, [contenteditable], .tabs, [role=group], dialog";
const wide = matchMedia("(min-width: 64rem)"); // below it what is open takes the place of the list
const STAYS = 150; // ms
let soon;

function rows() {
  return [...document.querySelectorAll(".rows a.row, .rules a.row")].filter((row) => row.checkVisibility?.() !== false);
}

function follow(row) {
  clearTimeout(soon);
  if (!wide.matches || !row.matches(".split .rows a.row[hx-get]")) return;
  soon = setTimeout(() => {
    if (document.activeElement === row && !row.hasAttribute("aria-current")) row.click();
  }, STAYS);
}
document.addEventListener("click", () => clearTimeout(soon), true);

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
  follow(next);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest?.(typed) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const inList = document.activeElement?.matches?.("a.row");
  const by = { j: 1, k: -1 }[event.key] ?? (inList ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
  if (by && step(by)) event.preventDefault();
});
