// A complaint's page: the key that picks who reads a message leads on to its words, and Ctrl+Enter sends it.
const form = document.querySelector("form[data-message]");
const words = form?.elements.words;

// Pressed by its key a radio is clicked with the coordinates of nothing; by a mouse or a finger it stays where it is.
form?.addEventListener("click", (event) => {
  if (event.target.matches?.("input[name=kind]") && !event.detail && !event.isTrusted) words.focus();
});

function internal() {
  const channel = form.elements.channel;
  channel.closest(".by").hidden = form.elements.kind.value === "internal"; // nobody outside hears of it
}
if (form) {
  form.addEventListener("change", internal);
  // Who reads it is no loss where nothing is written yet: nobody is asked before leaving (dirty.js).
  form.addEventListener("input", (event) => { if (event.target.name === "kind") event.stopPropagation(); });
  internal();
}

// Where one button is all there is to press.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches?.("main textarea")) return;
  const buttons = event.target.form.querySelectorAll("button:not([type=button])");
  if (buttons.length !== 1) return;
  event.preventDefault();
  event.target.form.requestSubmit(buttons[0]);
});
