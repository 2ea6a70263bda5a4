// Dialogs: opened by data-opens (a link without script follows its address), closed by data-closes or a click beside.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
    return;
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  else if (event.target.matches("dialog:modal")) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.detail) event.target.close();
  }
});

// A dialog that an answer brought along opens itself, and leaves the page when it is closed.
document.addEventListener("htmx:load", (event) => {
  const dialog = event.detail.elt?.matches?.("dialog[data-modal]") ? event.detail.elt : event.detail.elt?.querySelector?.("dialog[data-modal]");
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.addEventListener("close", () => dialog.remove(), { once: true });
});
