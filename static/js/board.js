// The board: a card is dragged to a column, or moved by Shift and an arrow; plain arrows walk from card to card. What
// needs a form leads to the complaint's page; what the workflow does not allow is refused by the server, in words.
const TYPE = "text/x-complaint";
let dragged = null;

const listed = (card, name) => (card.dataset[name] ?? "").split(" ").filter(Boolean);

// Sends the move; the answer is the board as it stands then. `focus`: the card keeps the focus where it still is there.
function move(card, to, focus) {
  if (!to || card.dataset.sent !== undefined) return;
  if (listed(card, "forms").includes(to)) {
    location.assign(card.dataset.page);
    return;
  }
  card.dataset.sent = "";
  window.htmx
    .ajax("POST", card.dataset.move, { target: "#board", swap: "outerHTML", values: { to } })
    .then(() => {
      delete card.dataset.sent;
      if (focus) (document.querySelector(`#${card.id} .board-name a`) ?? document.getElementById("main")).focus();
    });
}

const columnOf = (event) => event.target.closest?.(".board-column");

function unmark() {
  document.querySelectorAll(".board-column[data-over]").forEach((column) => delete column.dataset.over);
}

function markTargets(card) {
  const may = [...listed(card, "steps"), ...listed(card, "forms")];
  for (const column of document.querySelectorAll(".board-column")) {
    if (column.contains(card)) continue;
    column.dataset.target = may.includes(column.dataset.column) ? "yes" : "no";
  }
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".board-card");
  if (!dragged) return;
  event.dataTransfer.setData(TYPE, dragged.id);
  event.dataTransfer.effectAllowed = "move";
  dragged.dataset.dragged = "";
  markTargets(dragged);
});

document.addEventListener("dragover", (event) => {
  const column = dragged && columnOf(event);
  if (!column) return unmark();
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  if (column.dataset.over === undefined) {
    unmark();
    column.dataset.over = "";
  }
});

document.addEventListener("drop", (event) => {
  const column = dragged && columnOf(event);
  if (!column) return;
  event.preventDefault();
  if (!column.contains(dragged)) move(dragged, column.dataset.column, false);
});

document.addEventListener("dragend", () => {
  unmark();
  document.querySelectorAll(".board-column[data-target]").forEach((column) => delete column.dataset.target);
  if (dragged) delete dragged.dataset.dragged;
  dragged = null;
});

// The card that an arrow leads to: up and down within the column, left and right to the nearest column that has one.
function beside(card, key) {
  const column = card.closest(".board-column");
  const cards = [...column.querySelectorAll(".board-card")];
  const at = cards.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") return cards[at + (key === "ArrowUp" ? -1 : 1)];
  const columns = [...document.querySelectorAll(".board-column")].filter((one) => one.querySelector(".board-card"));
  const next = columns[columns.indexOf(column) + (key === "ArrowLeft" ? -1 : 1)];
  const there = next ? [...next.querySelectorAll(".board-card")] : [];
  return there[Math.min(at, there.length - 1)];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const card = event.target.closest?.(".board-card");
  if (!card) {
    // J begins with the first card, as in a list.
    const first = event.key === "j" && event.target === document.body && document.querySelector(".board-name a");
    if (first) {
      event.preventDefault();
      first.focus();
    }
    return;
  }
  const key = { j: "ArrowDown", k: "ArrowUp" }[event.key] ?? event.key;
  if (key === "m" || key === ".") {
    event.preventDefault();
    card.querySelector("[data-move-to]").click();
    return;
  }
  if (!key.startsWith("Arrow")) return;
  if (event.shiftKey) {
    if (key === "ArrowLeft" || key === "ArrowRight") {
      event.preventDefault();
      move(card, key === "ArrowLeft" ? card.dataset.earlier : card.dataset.later, true);
    }
    return;
  }
  const next = beside(card, key);
  if (!next) return;
  event.preventDefault();
  next.querySelector(".board-name a").focus();
});
