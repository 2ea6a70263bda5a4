// Today: the first of the queue stands open on a desk, the open row is in sight, and a call that reached nobody is short.
const wide = matchMedia("(min-width: 64rem)");
const SHORT = "5";

function openFirst() {
  const split = document.querySelector(".split:not([data-open])");
  const first = split?.querySelector(".queue tr:not(.done) a.row");
  if (!first || !wide.matches || !window.htmx) return;
  first.setAttribute("aria-current", "true");
  window.htmx.ajax("GET", first.href, { target: "#open", select: "#open > *", swap: "innerHTML" });
}

function showCurrent() {
  document.querySelector(".queue a.row[aria-current]")?.closest("tr").scrollIntoView({ block: "nearest" });
}

// Minutes are planned for a contact that is made. Who is not reached takes a few; a number typed by hand stays.
document.addEventListener("change", (event) => {
  if (event.target.name !== "outcome") return;
  const minutes = event.target.form?.elements.minutes;
  if (!minutes || minutes.dataset.byHand !== undefined) return;
  minutes.value = event.target.value === "not_reached" ? SHORT : minutes.defaultValue;
});
document.addEventListener("input", (event) => {
  if (event.target.name === "minutes") event.target.dataset.byHand = "";
});

openFirst();
showCurrent();
