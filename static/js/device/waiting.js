// Says what waits on this device, on every page: a number in the navigation, banners, marks in the queue; and sends it as
// soon as there is a connection.
import { isNow } from "./pages.js";
import { askWho, send } from "./sending.js";
import { contactsOf, countOfOthers, onChange } from "./store.js";
import { begun, count, fill, user, when } from "./words.js";

const AGAIN = 60_000; // ms; a phone does not always notice that its connection is back
const root = document.documentElement;
const says = document.getElementById("device-says");
let standing = "";
let asOf = root.dataset.asOf;

async function draw() {
  const own = user ? await contactsOf(user) : [];
  const refused = own.filter((one) => one.refused).length;
  for (const place of document.querySelectorAll("[data-waiting-count]")) {
    place.closest("[data-waiting]").hidden = own.length === 0;
    place.textContent = own.length;
  }
  const banners = [];
  if (asOf) banners.push(fill("as-of", { time: when(asOf) }));
  if (user && standing === "signed-out" && own.length) banners.push(count(fill("sign-in"), own.length));
  if (refused && !document.querySelector("[data-waiting-list]")) banners.push(count(fill("refused"), refused));
  if (!user) {
    const others = await countOfOthers(null);
    if (others) banners.push(count(fill("somebodys"), others));
  }
  says?.replaceChildren(...banners);
  if (says) says.hidden = banners.length === 0;
  mark(own);
}

// In the queue: the rows of follow-ups whose contact waits.
function mark(own) {
  const paths = new Set(own.map((one) => one.path));
  for (const link of document.querySelectorAll(".queue a.row")) {
    const cell = link.closest("td");
    const waits = paths.has(new URL(link.href).pathname);
    const badge = cell.querySelector("[data-waits]");
    if (waits && !badge) link.after(fill("badge"));
    else if (!waits) badge?.remove();
  }
}

async function trySending() {
  if (!navigator.onLine) return;
  const result = await send();
  standing = result.standing;
  if (result.sent && !begun() && (asOf || document.querySelector(".queue"))) {
    location.reload(); // its toasts say what was logged
    return;
  }
  if (result.sent) document.getElementById("toasts")?.append(count(fill("sent"), result.sent));
  await draw();
}

const later = () => trySending().catch(() => {});
// "online" says that there is a network, not that it leads to the server.
addEventListener("online", async () => {
  await later();
  const reached = await askWho().catch(() => null);
  if (reached && root.dataset.asOf !== undefined && !begun()) location.reload();
});
addEventListener("pageshow", later);
document.addEventListener("visibilitychange", () => { if (!document.hidden) later(); });
setInterval(() => { if (!document.hidden) later(); }, AGAIN);

document.addEventListener("htmx:afterRequest", (event) => {
  const kept = event.detail.xhr?.getResponseHeader("Opieka-As-Of");
  if (kept) asOf = kept;
  else if (event.detail.successful) asOf = root.dataset.asOf;
  else return;
  draw().catch(() => {});
});

if (asOf) document.querySelectorAll("#toasts .toast").forEach((toast) => toast.remove()); // said long ago
onChange(() => draw().catch(() => {}));
if (user && !asOf) isNow(user).catch(() => {});
draw().catch(() => {});
