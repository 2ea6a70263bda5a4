// Filing a complaint by keyboard: Ctrl+Enter files, Enter takes the first of what was found, the arrows walk through it.
const form = () => document.getElementById("filing");

function hits() {
  return [...document.querySelectorAll("#accounts-found button")];
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (event.isComposing || !form()?.contains(target)) return;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form().querySelector("button[name=file]").click();
  } else if (target.closest(".filing-find") && (key === "ArrowDown" || key === "ArrowUp")) {
    const all = hits();
    if (!all.length) return;
    event.preventDefault();
    const at = all.indexOf(document.activeElement) + (key === "ArrowDown" ? 1 : -1);
    (at < 0 ? document.getElementById("find-account") : all[Math.min(at, all.length - 1)]).focus();
  } else if (key === "Enter" && target.id === "find-account") {
    // What is shown may still be what was typed before: then the server looks, and takes the only one.
    event.preventDefault();
    const fresh = target.dataset.shown === target.value && !target.classList.contains("htmx-request");
    ((fresh && hits()[0]) || form().querySelector("button[name=look][hx-post]")).click();
  } else if (key === "Enter" && target.matches("input[name=purchase_find]")) {
    event.preventDefault();
    const first = document.querySelector("#purchases input[value]:not([value=''])");
    first?.focus();
    first?.click();
  } else if (key === "Enter" && target.matches("input:not([type=file])")) {
    event.preventDefault(); // a half-filled form is not filed by chance; Ctrl+Enter does it
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "find-account") event.target.dataset.asked = event.target.value;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const box = document.getElementById("find-account");
  if (event.target.id === "accounts-found" && box) box.dataset.shown = box.dataset.asked;
});

// What was typed before the page listened is looked for as well.
addEventListener("load", () => {
  const box = document.getElementById("find-account");
  if (box?.value && ![box.dataset.asked, box.dataset.shown].includes(box.value)) htmx.trigger(box, "unheard");
});

// A letter is read as soon as its file is chosen.
document.addEventListener("change", (event) => {
  if (event.target.id === "id_letter_file" && event.target.files.length) form().querySelector("button[name=read]").click();
});
