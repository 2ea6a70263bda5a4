// Toasts leave by themselves, but never while somebody reads (hover) or reaches for (focus) them. Z undoes the newest.
const holder = document.getElementById("toasts");

function leave(toast) {
  if (!toast.isConnected) return;
  const hadFocus = toast.contains(document.activeElement);
  toast.dataset.leaving = "";
  setTimeout(() => {
    toast.remove();
    if (hadFocus) document.getElementById("main")?.focus({ preventScroll: true });
  }, 180);
}

function arrive(toast) {
  if (toast.dataset.seen !== undefined) return;
  toast.dataset.seen = "";
  const dismiss = toast.querySelector("[data-dismiss]");
  if (dismiss) {
    dismiss.hidden = false;
    dismiss.addEventListener("click", () => leave(toast));
  }
  const seconds = Number(toast.dataset.toast);
  if (!seconds) return; // errors stay until they are dismissed
  let timer;
  const start = () => {
    clearTimeout(timer);
    if (!toast.matches(":hover, :focus-within")) timer = setTimeout(() => leave(toast), seconds * 1000);
  };
  const stop = () => clearTimeout(timer);
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusout", () => setTimeout(start));
  start();
}

if (holder) {
  const all = () => holder.querySelectorAll(".toast").forEach(arrive);
  all();
  new MutationObserver(all).observe(holder, { childList: true, subtree: true });
}
