// The week: a card is dragged to a day, or moved by Shift and an arrow; plain arrows walk from card to card.
const board = () => document.getElementById("week");
const TYPE = "text/x-follow-up";
let dragged = null;

// Sends the move; the answer is the week as it stands then. `focus`: the card keeps the focus where it still is there.
function move(card, day, focus) {
  if (!day || card.dataset.sent !== undefined) return;
  card.dataset.sent = "";
  window.htmx
    .ajax("POST", card.dataset.move, { target: "#week", swap: "outerHTML", values: { day } })
    .then(() => {
      delete card.dataset.sent;
      if (focus) (document.querySelector(`#${card.id} a`) ?? document.getElementById("main")).focus();
    });
}

function dayOf(event) {
  return event.target.closest?.(".week-day[data-day]");
}

function unmark() {
  document.querySelectorAll(".week-day[data-over]").forEach((day) => delete day.dataset.over);
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".week-card");
  if (!dragged) return;
  event.dataTransfer.setData(TYPE, dragged.id);
  event.dataTransfer.effectAllowed = "move";
  dragged.dataset.dragged = "";
});

document.addEventListener("dragover", (event) => {
  const day = dragged && dayOf(event);
  if (!day || day.dataset.past !== undefined) return unmark();
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  if (day.dataset.over === undefined) {
    unmark();
    day.dataset.over = "";
  }
});

document.addEventListener("drop", (event) => {
  const day = dragged && dayOf(event);
  if (!day) return;
  event.preventDefault();
  if (!day.contains(dragged)) move(dragged, day.dataset.day, false);
});

document.addEventListener("dragend", () => {
  unmark();
  if (dragged) delete dragged.dataset.dragged;
  dragged = null;
});

// The card that an arrow leads to: up and down within the day, left and right to the nearest day that has one.
function beside(card, key) {
  const cards = [...card.closest(".week-day").querySelectorAll(".week-card")];
  const at = cards.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") return cards[at + (key === "ArrowUp" ? -1 : 1)];
  const columns = [...board().querySelectorAll(".week-day")].filter((day) => day.querySelector(".week-card"));
  const column = columns[columns.indexOf(card.closest(".week-day")) + (key === "ArrowLeft" ? -1 : 1)];
  const there = column ? [...column.querySelectorAll(".week-card")] : [];
  return there[Math.min(at, there.length - 1)];
}

document.addEventListener("keydown", (event) => {
  const card = event.target.closest?.(".week-card");
  if (!card || !event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.shiftKey) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      move(card, event.key === "ArrowLeft" ? card.dataset.earlier : card.dataset.later, true);
    }
    return;
  }
  const next = beside(card, event.key);
  if (!next) return;
  event.preventDefault();
  next.querySelector("a").focus();
});
