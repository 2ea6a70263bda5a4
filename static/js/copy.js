// Copies the text of the element that data-copies names; the button says so for a moment, and to who listens.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  const words = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
  } catch {
    // Without the right to the clipboard (plain http): select it, so that the reader can.
    getSelection().selectAllChildren(source);
    return;
  }
  const before = words.textContent;
  words.setAttribute("role", "status");
  words.textContent = button.dataset.said;
  setTimeout(() => { words.textContent = before; }, 2500);
});
