// The page of what waits: each contact as it was written, to be corrected or discarded.
import { OFFLINE, contactsOf, countOfOthers, dropContact, onChange } from "./store.js";
import { send } from "./sending.js";
import { count, fill, user, when } from "./words.js";

const list = document.querySelector("[data-waiting-list]");
const others = document.querySelector("[data-waiting-others]");
const none = document.querySelector("[data-waiting-none]");
const now = document.querySelector("[data-send-now]");
const dialog = document.getElementById("discard");

function item(one) {
  const { shown } = one;
  const part = fill("item", {
    account: shown.account,
    what: [shown.channel, shown.outcome].filter(Boolean).join(" · "),
    time: when(one.writtenAt),
    note: shown.note,
  });
  part.querySelector('[data-slot="note"]').hidden = !shown.note;
  const why = part.querySelector("[data-why]");
  why.hidden = !one.refused;
  if (one.refused) {
    part.querySelector("[data-waits]").hidden = true;
    const words = Object.values(one.refused.errors ?? {}).flat();
    if (words.length) why.querySelector("[data-slot=why]").textContent = words.join(" ");
  }
  const correct = part.querySelector("[data-correct]");
  correct.href = `${one.path}#kept=${one.uuid}`;
  correct.hidden = !one.refused || Boolean(one.refused.gone);
  part.querySelector("[data-discard]").addEventListener("click", () => {
    dialog.querySelector("[data-slot=account]").textContent = shown.account;
    dialog.querySelector("[data-yes]").onclick = () => {
      dialog.close();
      dropContact(one.uuid);
    };
    dialog.showModal();
  });
  return part;
}

async function draw() {
  const own = user ? await contactsOf(user) : [];
  list.replaceChildren(...own.map(item));
  list.hidden = own.length === 0;
  none.hidden = own.length > 0;
  now.hidden = !own.some((one) => !one.refused);
  const number = await countOfOthers(user);
  others.hidden = number === 0;
  if (number) count(others, number);
}

now?.addEventListener("click", async () => {
  now.setAttribute("aria-busy", "true");
  await send().catch(() => {});
  now.removeAttribute("aria-busy");
});
if (list) {
  document.querySelector("[data-elsewhere]").hidden = location.pathname === OFFLINE;
  onChange(() => draw());
  draw();
}
