// Signing out: what waits is not lost unasked, and what was kept of the user goes from the device.
import { forgetPagesOf, isNow } from "./pages.js";
import { askWho, send } from "./sending.js";
import { LOGIN, contactsOf, dropContactsOf } from "./store.js";
import { count, fill, user } from "./words.js";

const dialog = document.getElementById("leaving");
const says = document.getElementById("device-says");

async function leave(form) {
  try {
    const { token } = await askWho();
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { "X-CSRFToken": token },
      body: new URLSearchParams(new FormData(form)),
      redirect: "manual",
    });
    if (answer.type !== "opaqueredirect") throw new Error(`signing out: ${answer.status}`);
  } catch {
    dialog.close();
    says?.replaceChildren(fill("cannot-leave"));
    if (says) says.hidden = false;
    return;
  }
  await dropContactsOf(user);
  await forgetPagesOf(user);
  await isNow(null);
  location.assign(LOGIN);
}

function ask(form, number) {
  count(dialog, number);
  dialog.querySelector("[data-not-sent]").hidden = true;
  dialog.querySelector("[data-lose]").onclick = () => leave(form);
  dialog.querySelector("[data-send]").onclick = async (event) => {
    event.target.setAttribute("aria-busy", "true");
    await send().catch(() => {});
    event.target.removeAttribute("aria-busy");
    const left = (await contactsOf(user)).length;
    if (!left) await leave(form);
    else {
      count(dialog, left);
      dialog.querySelector("[data-not-sent]").hidden = false;
    }
  };
  dialog.showModal();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-signs-out]") || !user || !window.indexedDB) return;
  event.preventDefault();
  const waiting = await contactsOf(user).catch(() => []);
  if (waiting.length) ask(form, waiting.length);
  else await leave(form);
});
