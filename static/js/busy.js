// While something is being sent: a second submit is stopped, the pressed button says so, and a line runs at the top.
const root = document.documentElement;
const sending = new WeakSet();

function release(form) {
  sending.delete(form);
  form?.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
  if (form?.id) document.querySelectorAll(`[form="${CSS.escape(form.id)}"][aria-busy]`).forEach((button) => button.removeAttribute("aria-busy"));
}

// In the capturing phase, before htmx: a second press must not start a second request.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog") return;
  if (sending.has(form) && !("again" in form.dataset)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  sending.add(form);
  const { submitter } = event;
  queueMicrotask(() => submitter?.setAttribute("aria-busy", "true"));
  setTimeout(() => {
    if (form.classList.contains("htmx-request") || "sending" in form.dataset) return; // released when its answer is there
    if (event.defaultPrevented) release(form);
    else if (!form.target) root.dataset.busy = "";
  });
}, true);

document.addEventListener("htmx:afterRequest", (event) => release(event.target.closest?.("form")));
document.addEventListener("released", (event) => release(event.target)); // by a script that sent the form itself
document.addEventListener("htmx:beforeRequest", (event) => event.detail.target?.setAttribute?.("aria-busy", "true"));
document.addEventListener("htmx:afterRequest", (event) => event.detail.target?.removeAttribute?.("aria-busy"));

// Downloads never leave the page, and "back" may bring it back as it was.
function rest() {
  delete root.dataset.busy;
  document.querySelectorAll("form").forEach(release);
}
addEventListener("pageshow", rest);
document.addEventListener("submit", (event) => {
  if ("download" in event.target.dataset) setTimeout(rest, 1500);
});
