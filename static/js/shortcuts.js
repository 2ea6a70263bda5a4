// A control that carries aria-keyshortcuts is pressed by that key; the newest toast's Undo answers to Z.
const typed = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";

function reachable(control) {
  return !control.disabled && control.getAttribute("aria-disabled") !== "true" && control.checkVisibility?.({ visibilityProperty: true }) !== false;
}

function press(control) {
  if (control.type === "radio") control.focus({ preventScroll: true });
  control.click();
}

function wanted(key, scope) {
  const found = [...scope.querySelectorAll(`[aria-keyshortcuts~="${key}" i]`)].filter(reachable);
  return found.at(-1); // of several, the one that came last: the newest toast
}

// A key for what is open is meant for the row that is marked. Where another one is still open beside the list, the marked
// row opens first and the key waits for it; a row that does not open beside the list takes no such key.
let waiting = null;

function waits(control, key) {
  const row = document.activeElement;
  if (!control.closest("#open") || !row?.matches(".split a.row") || row.hasAttribute("aria-current")) return false;
  if (row.hasAttribute("hx-get")) {
    waiting = { row, key };
    if (!row.classList.contains("htmx-request")) row.click();
    if (!row.classList.contains("htmx-request")) waiting = null; // what is begun beside it was not to be left
  }
  return true;
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (!waiting || event.detail.target?.id !== "open") return;
  const { row, key } = waiting;
  if (document.activeElement === row && !row.hasAttribute("aria-current")) return; // the answer to an earlier step
  waiting = null;
  const control = document.activeElement === row && wanted(key, event.detail.target);
  if (control) press(control);
});
document.addEventListener("focusout", () => { waiting = null; });
document.addEventListener("htmx:afterRequest", (event) => { if (!event.detail.successful) waiting = null; });

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.(typed);
  if (event.key === "Escape" && typing && !typing.closest("dialog")) typing.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
  if (waiting && event.key === "Enter") event.preventDefault(); // not for what nobody has seen yet
  const dialog = document.querySelector("dialog:modal");
  const scope = dialog ?? document;
  if (event.key === "/") {
    // The page's own search first, then the one beside it; where that is a link only, its page.
    const inputs = [...scope.querySelectorAll("main input[type=search], dialog input[type=search]"), ...scope.querySelectorAll("input[type=search]")];
    const search = inputs.find(reachable);
    if (!search && !dialog) document.querySelector(".seek-link")?.click();
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    return;
  }
  if (event.key === "?" && !dialog) {
    document.getElementById("keys")?.showModal();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  if (!/^[a-z0-9]$/.test(key)) return;
  const control = wanted(key, scope);
  if (!control) return;
  event.preventDefault();
  if (!waits(control, key)) press(control);
});
