// The search in the navigation: what is found lies below it, the arrows walk through, Esc and a click beside it close it.
const box = document.querySelector(".seek input");
const found = document.getElementById("sought");

function show(open) {
  found.hidden = !open;
}

function hits() {
  return [...found.querySelectorAll("a.hit")];
}

if (box && found) {
  box.addEventListener("input", () => {
    if (!box.value.trim()) show(false);
  });
  found.addEventListener("htmx:afterSwap", () => show(box.value.trim() !== ""));
  box.form.addEventListener("keydown", (event) => {
    const all = hits();
    if (event.key === "Escape") {
      if (event.target !== box) box.focus();
      show(false);
    } else if (!found.hidden && all.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      if (at < 0) box.focus();
      else all[Math.min(at, all.length - 1)].focus();
    }
  });
  box.addEventListener("focus", () => {
    if (box.value.trim() && found.childElementCount) show(true);
  });
  document.addEventListener("focusin", (event) => {
    if (!box.form.contains(event.target)) show(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!box.form.contains(event.target)) show(false);
  });
}
