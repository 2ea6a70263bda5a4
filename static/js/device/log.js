// A contact that is logged reaches the server at once or waits on this device: the form itself is as it was, and posts by
// itself where this script does not run.
import { forgetPage } from "./pages.js";
import { post, send } from "./sending.js";
import { contact, contactsOf, dropContact, keepContact } from "./store.js";
import { fill, say, user, when } from "./words.js";

const root = document.documentElement;
const TODAY = "/today/";
let partIsKept = false; // what htmx swapped in last came from the device

const isOurs = (form) => user && form.matches?.("form.log[data-device]");
const addressOf = (form) => new URL(form.getAttribute("action") || location.href, location.href);

// The day it is where the user works, as the form writes it: 2026-10-13.
function dayNow(form) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: form.dataset.zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
}

function labelOf(form, name) {
  const chosen = form.querySelector(`[name="${name}"]:checked`);
  return chosen ? chosen.closest("label").innerText.replace(/\s+\d?$/, "").trim() : "";
}

function written(form, now) {
  const fields = [...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string");
  const value = (name) => form.elements[name]?.value ?? "";
  return {
    uuid: value("uuid"),
    user,
    path: addressOf(form).pathname,
    otherwise: form.dataset.otherwise ?? "",
    fields,
    writtenAt: form.dataset.writtenAt ?? now.toISOString(),
    shown: {
      account: form.dataset.device,
      outcome: labelOf(form, "outcome"),
      channel: form.elements.channel.selectedOptions[0]?.text ?? "",
      day: value("day"),
      note: value("note"),
    },
    refused: null,
  };
}

// Sending --------------------------------------------------------------------------------------------------------------
async function tried(form, one) {
  if (!navigator.onLine) return { status: 0 };
  const address = addressOf(form);
  const token = form.elements.csrfmiddlewaretoken?.value;
  const late = form.dataset.writtenAt ? [["written_at", one.writtenAt]] : []; // corrected: it took place back then
  try {
    return await post(address.pathname + address.search, [...one.fields, ["written_by", user], ...late], token);
  } catch {
    return { status: 0 };
  }
}

async function submitted(form) {
  const one = written(form, new Date());
  const { status, said } = await tried(form, one);
  if (status === 200 && said?.result === "logged") {
    await dropContact(one.uuid);
    await forgetPage(user, one.path);
    location.assign(said.next);
    return;
  }
  if (status === 422) {
    form.submit(); // the server's page says what is wrong, beside the fields
    return;
  }
  await keepContact(one);
  navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("send")).catch(() => {});
  if (navigator.onLine) {
    await send();
    const left = await contact(one.uuid);
    if (!left) {
      location.assign(TODAY);
      return;
    }
  }
  showKept(form, one);
  form.dispatchEvent(new Event("released", { bubbles: true }));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!isOurs(form) || event.defaultPrevented || !window.indexedDB) return;
  event.preventDefault();
  form.dataset.sending = "";
  submitted(form).catch(() => form.submit()).finally(() => { delete form.dataset.sending; });
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form && isOurs(form)) form.dataset.begun = "";
});

// Showing --------------------------------------------------------------------------------------------------------------
function showKept(form, one) {
  const words = fill(one.refused ? "refused-here" : "kept", { time: when(one.writtenAt) });
  form.hidden = true;
  form.after(words);
  words.tabIndex = -1;
  words.focus({ preventScroll: true });
  words.scrollIntoView({ block: "center" });
  say(words.textContent.trim());
}

function fillIn(form, one) {
  for (const field of form.elements) {
    if (!field.name || field.name === "csrfmiddlewaretoken") continue;
    const values = one.fields.filter(([name]) => name === field.name).map(([, value]) => value);
    if (field.type === "checkbox" || field.type === "radio") field.checked = values.includes(field.value);
    else if (values.length) field.value = values[0];
  }
  form.dataset.writtenAt = one.writtenAt;
  form.dataset.begun = "";
  for (const words of Object.values(one.refused?.errors ?? {})) form.prepend(fill("wrong", { words: words.join(" ") }));
  form.querySelector("details")?.setAttribute("open", "");
}

async function ready(form) {
  if (!isOurs(form) || form.dataset.ready !== undefined) return;
  form.dataset.ready = "";
  const asked = location.hash.startsWith("#kept=") ? await contact(location.hash.slice(6)) : null;
  if (asked?.user === user) {
    fillIn(form, asked);
    return;
  }
  const address = addressOf(form).pathname;
  const waits = (await contactsOf(user)).find((one) => one.path === address && address !== form.dataset.otherwise);
  if (waits) {
    showKept(form, waits); // a follow-up is dealt with once
    return;
  }
  if (root.dataset.asOf === undefined && !partIsKept) return;
  // A kept page may be opened twice, and on a later day: each contact has its own uuid and its own day.
  form.elements.uuid.value = crypto.randomUUID();
  const { day } = form.elements;
  if (day.value === day.defaultValue) day.value = dayNow(form);
}

const readyAll = () => document.querySelectorAll("form.log[data-device]").forEach((form) => ready(form).catch(() => {}));
document.addEventListener("htmx:beforeSwap", (event) => {
  partIsKept = Boolean(event.detail.xhr?.getResponseHeader("Opieka-As-Of"));
});
document.addEventListener("htmx:afterSettle", readyAll);
addEventListener("hashchange", () => location.reload());
readyAll();
