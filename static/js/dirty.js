// A form with data-dirty asks before what was written in it is lost.
const written = new Set();

function mark(form, dirty) {
  if (dirty) written.add(form);
  else written.delete(form);
  const near = form.closest(".open") ?? form;
  near.querySelectorAll("[data-when-dirty]").forEach((note) => { note.hidden = !dirty; });
}

document.addEventListener("input", (event) => {
  const form = event.target.form ?? event.target.closest?.("form");
  if (form?.matches("[data-dirty]")) mark(form, true);
});
document.addEventListener("submit", (event) => mark(event.target, false));
document.addEventListener("reset", (event) => mark(event.target, false));

// What was refused is written in its form again, and not saved either.
document.querySelectorAll("form[data-dirty]:has(.error)").forEach((form) => mark(form, true));

// What an answer put in the place of a form (an account was chosen, an effect shown) is no more saved than it was.
document.addEventListener("htmx:afterSwap", () => {
  for (const form of [...written]) {
    if (form.isConnected) continue;
    written.delete(form);
    const now = form.id && document.getElementById(form.id);
    if (now && now.matches("form[data-dirty]")) mark(now, true);
  }
});

const unsaved = () => [...written].some((form) => form.isConnected);
addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
// A swap of the open pane loses it too. The browser's own question is asked in its words; this one is in the page's.
document.addEventListener("htmx:confirm", (event) => {
  const form = [...written].find((each) => each.isConnected && event.detail.target?.contains(each));
  if (!form || form.contains(event.detail.elt) || form === event.detail.elt) return;
  if (confirm(form.dataset.dirty || "?")) mark(form, false);
  else event.preventDefault();
});
