// Of several rows asked for in a row the last one opens, whichever answer comes last.
let asked;
const pathOf = (config) => new URL(config.path, location.href).pathname;
document.addEventListener("htmx:beforeRequest", (event) => {
  const { target, requestConfig } = event.detail;
  if (target?.id === "open") asked = requestConfig.verb === "get" ? pathOf(requestConfig) : null;
});

// A row that is open already is not fetched over what somebody has begun to fill in beside it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig, xhr } = event.detail;
  if (target?.id !== "open" || requestConfig?.verb !== "get") return;
  if (pathOf(requestConfig) !== asked) {
    event.detail.shouldSwap = false;
    return;
  }
  const form = target.querySelector(":scope form.log");
  const same = form && new URL(form.action).pathname === new URL(xhr.responseURL || requestConfig.path, location.href).pathname;
  if (same && target.closest(".split").hasAttribute("data-open")) event.detail.shouldSwap = false;
});

// After the open pane was swapped in place: say that something is open, mark its row, and show its top.
document.addEventListener("htmx:afterSwap", (event) => {
  const pane = event.detail.target;
  if (pane?.id !== "open") return;
  const split = pane.closest(".split");
  split.toggleAttribute("data-open", !pane.querySelector(":scope > .empty"));
  pane.scrollTop = 0;
  const name = pane.querySelector("#open-name");
  if (name) pane.setAttribute("aria-labelledby", "open-name");
  if (matchMedia("(max-width: 63.99rem)").matches) {
    scrollTo(0, 0);
    pane.focus({ preventScroll: true });
  }
});

function mark() {
  const split = document.querySelector(".split");
  if (!split) return;
  for (const row of split.querySelectorAll("a.row")) {
    if (new URL(row.href).pathname === location.pathname) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}
document.addEventListener("htmx:pushedIntoHistory", mark);
document.addEventListener("htmx:replacedInHistory", mark);

// What a swapped part wants read aloud: its element with data-announce.
document.addEventListener("htmx:afterSettle", (event) => {
  const words = event.detail.elt?.querySelector?.("[data-announce]") ?? (event.detail.elt?.matches?.("[data-announce]") ? event.detail.elt : null);
  const said = document.getElementById("said");
  if (words && said) said.textContent = words.dataset.announce || words.textContent.trim();
});
