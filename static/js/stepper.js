// Minus and plus beside a number of minutes; the arrow keys do the same inside it.
function step(stepper, by) {
  const input = stepper.querySelector("input");
  const size = Math.abs(by) || 15;
  const now = Number.parseInt(input.value, 10) || 0;
  // To the next whole step: 20 minutes and "15 more" is 30.
  const next = by > 0 ? (Math.floor(now / size) + 1) * size : (Math.ceil(now / size) - 1) * size;
  input.value = Math.max(next, 0);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".stepper > button");
  if (button) step(button.closest(".stepper"), Number(button.dataset.by) || 0);
});
document.addEventListener("keydown", (event) => {
  const stepper = event.target.closest?.(".stepper");
  if (!stepper || !event.target.matches("input")) return;
  const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  step(stepper, by * (Number(stepper.dataset.step) || 15));
});
