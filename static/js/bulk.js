// The bar that acts on selected rows: it counts them, selects all, clears, and Shift selects a range.
const boxesOf = (form) => [...document.querySelectorAll(`tbody input[type=checkbox][form="${CSS.escape(form.id)}"]`)];
let last = null;

function show(form) {
  const boxes = boxesOf(form);
  const count = boxes.filter((box) => box.checked).length;
  form.hidden = count === 0;
  const words = form.querySelector("[data-count=selected]");
  if (words) words.textContent = (count === 1 ? words.dataset.one : words.dataset.many ?? words.dataset.one ?? "%s").replace("%s", count);
  const all = document.querySelector(`[data-select-all="${CSS.escape(form.id)}"]`);
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
}

const showAll = () => document.querySelectorAll("form[data-bulk]").forEach(show);

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!box.matches?.("tbody input[type=checkbox][form]")) return;
  const form = document.getElementById(box.getAttribute("form"));
  if (!form?.matches("[data-bulk]")) return;
  if (event.shiftKey && last?.isConnected && last.getAttribute("form") === form.id) {
    const boxes = boxesOf(form);
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const other of boxes.slice(from, to + 1)) other.checked = box.checked;
  }
  last = box;
  show(form);
});
document.addEventListener("change", (event) => {
  const form = document.getElementById(event.target.dataset?.selectAll ?? "");
  if (!form) return;
  for (const box of boxesOf(form)) box.checked = event.target.checked;
  show(form);
});
document.addEventListener("reset", (event) => {
  if (event.target.matches("[data-bulk]")) setTimeout(() => {
    for (const box of boxesOf(event.target)) box.checked = false;
    show(event.target);
  });
});
// X selects the row one stands on.
document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
  const box = document.activeElement?.matches?.("a.row") && document.activeElement.closest("tr")?.querySelector("input[type=checkbox][form]");
  if (!box) return;
  box.click();
  event.preventDefault();
});
document.addEventListener("htmx:afterSettle", showAll);
addEventListener("pageshow", showAll);
// Enter in a field of what is folded away in the bar presses the button there, not the bar's first.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("form[data-bulk] details input")) return;
  event.preventDefault();
  event.target.closest("details").querySelector("button").click();
});
