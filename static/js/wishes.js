// What goes against a customer's wishes is said as it is chosen, never forbidden. The cautions come from
// contacts.wishes.cautions, all hidden; each box names the fields it looks at.
// On the agenda, the contacts that the chosen channel stands for are ticked, unless somebody ticked by hand.
const LAST = -1;
const WRITTEN = ["email", "letter", "material"]; // read when they like: a fixed time means nothing to these

function isSlotDay(day, week, weekday) {
  if ((day.getUTCDay() || 7) !== weekday) return false;
  const later = new Date(day);
  later.setUTCDate(day.getUTCDate() + 7);
  if (week === LAST) return later.getUTCMonth() !== day.getUTCMonth();
  return week === 0 || week === Math.floor((day.getUTCDate() - 1) / 7) + 1;
}

function isBroken(kind, value, { channel, day, time }) {
  if (kind === "channel") return channel === value;
  if (kind === "days") return Boolean(day) && !value.includes(String(day.getUTCDay() || 7));
  if (kind === "hours") {
    const [first, last] = value.split("-");
    return Boolean(time) && !(first <= time && (!last || time < last));
  }
  if (WRITTEN.includes(channel)) return false;
  const [week, weekday, at] = value.split(" ");
  if (day && !isSlotDay(day, Number(week), Number(weekday))) return true;
  return Boolean(time && at) && time !== at;
}

function look(form) {
  for (const box of form.querySelectorAll("[data-wishes]")) {
    const valueOf = (name) => (name && form.elements[name]?.value) || "";
    const written = valueOf(box.dataset.day);
    // A next step without a day is not chosen yet, so its channel says nothing either.
    const idle = box.dataset.day.startsWith("next") && !written;
    const chosen = {
      channel: idle ? "" : valueOf(box.dataset.channel),
      day: written ? new Date(`${written}T00:00Z`) : null,
      time: valueOf(box.dataset.time),
    };
    for (const caution of box.querySelectorAll(".caution")) {
      caution.hidden = !isBroken(caution.dataset.kind, caution.dataset.value, chosen);
    }
  }
}

function tick(form, channel) {
  for (const box of form.querySelectorAll("[data-satisfied-by]:not([data-by-hand])")) {
    box.checked = box.dataset.satisfiedBy.split(" ").includes(channel);
  }
}

function changed(event) {
  const form = event.target.form;
  if (!form) return;
  if (event.target.dataset.satisfiedBy !== undefined) event.target.dataset.byHand = "";
  else if (event.target.name === "channel") tick(form, event.target.value);
  look(form);
}

function lookAtAll() {
  for (const form of new Set([...document.querySelectorAll("[data-wishes]")].map((box) => box.closest("form")))) {
    if (form) look(form);
  }
}

document.addEventListener("change", changed);
document.addEventListener("htmx:afterSettle", lookAtAll);
lookAtAll();
