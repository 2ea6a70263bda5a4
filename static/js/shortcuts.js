// A control that carries aria-keyshortcuts is pressed by that key; the newest toast's Undo answers to Z.
const typed = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";

function reachable(control) {
  return !control.disabled && control.getAttribute("aria-disabled") !== "true" && control.checkVisibility?.({ visibilityProperty: true }) !== false;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.(typed);
  if (event.key === "Escape" && typing && !typing.closest("dialog")) typing.blur();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
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
  const found = [...scope.querySelectorAll(`[aria-keyshortcuts~="${key}" i]`)].filter(reachable);
  const control = found.at(-1); // of several, the one that came last: the newest toast
  if (!control) return;
  event.preventDefault();
  if (control.type === "radio") control.focus({ preventScroll: true });
  control.click();
});
