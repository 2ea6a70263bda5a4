// Words for what happens on the device come with the page, in its language: `template`s of components/device.html.
export const user = document.querySelector("meta[name=user]")?.content ?? null; // for whom this page was made

// A copy of a template's element with its slots filled.
export function fill(name, slots = {}) {
  const part = document.getElementById(`device-${name}`).content.firstElementChild.cloneNode(true);
  for (const [slot, words] of Object.entries(slots)) {
    for (const place of part.querySelectorAll(`[data-slot="${slot}"]`)) place.textContent = words;
  }
  return part;
}

// Fill what has data-one and data-many with a number.
export function count(part, number) {
  for (const place of [part, ...part.querySelectorAll("[data-one]")]) {
    if (!place.dataset.one) continue;
    place.textContent = (number === 1 ? place.dataset.one : place.dataset.many).replace("%s", number);
  }
  return part;
}

// Today at 14:05, else with the day.
export function when(iso) {
  const moment = new Date(iso);
  const isToday = moment.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const parts = isToday ? time : { weekday: "short", day: "numeric", month: "short", ...time };
  return new Intl.DateTimeFormat(document.documentElement.lang, parts).format(moment);
}

export function say(words) {
  const said = document.getElementById("said");
  if (said) said.textContent = words;
}

// Whether somebody has begun to write in a log form of this page: then it is not loaded anew under their hands.
export function begun() {
  return [...document.querySelectorAll("form.log[data-begun]")].some((form) => !form.hidden);
}
