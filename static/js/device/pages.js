// Pages and static files that are kept for when there is no connection. A page lies in the cache of the user it was made
// for, and goes when the sign-in ends, however it ends, as soon as the device learns of it.
import { currentUser, setCurrentUser } from "./store.js";

const FILES = "files";
const PAGES = "pages-";
const AS_OF = "Opieka-As-Of"; // by the server's clock: what the page says
const KEPT = "Opieka-Kept-At"; // by the clock of the device, in ms: how old it is here
const MOST_PAGES = 60;
const MOST_FILES = 400;
const OLDEST = 3 * 24 * 60 * 60 * 1000; // ms; what is older is not shown any more

const HAS_CACHES = "caches" in globalThis; // not where the address is not a secure one

async function trim(cache, most) {
  const keys = await cache.keys();
  for (const key of keys.slice(0, Math.max(keys.length - most, 0))) await cache.delete(key);
}

// Somebody is signed in here: nobody else's pages stay. `user` is a text of digits, or null for nobody.
export async function isNow(user) {
  if ((await currentUser()) === user) return;
  await setCurrentUser(user);
  for (const name of HAS_CACHES ? await caches.keys() : []) {
    if (name.startsWith(PAGES) && name !== PAGES + user) await caches.delete(name);
  }
}

// What the server's answer to a page says: who is signed in, and whether the page may be kept.
export async function learnFrom(answer, { login }) {
  const user = answer.headers.get("Opieka-User");
  if (user) {
    await isNow(user);
    if (answer.ok && answer.headers.has("Opieka-Keep")) await keepPage(user, answer);
  } else if (new URL(answer.url).pathname === login) {
    await isNow(null);
  }
}

async function keepPage(user, answer) {
  const url = new URL(answer.url);
  if (url.search) return; // a filter shows a part of the list
  const headers = new Headers(answer.headers);
  headers.delete("Content-Encoding"); // the text below is unpacked
  headers.delete("Content-Length");
  headers.set(AS_OF, new Date(answer.headers.get("Date") ?? Date.now()).toISOString());
  headers.set(KEPT, Date.now());
  const cache = await caches.open(PAGES + user);
  await cache.put(url.pathname, new Response(await answer.text(), { headers }));
  await trim(cache, MOST_PAGES);
}

// When the page was kept, in ms; 0 where it is not kept.
export async function keptAt(user, path) {
  const found = await caches.match(path, { cacheName: PAGES + user, ignoreVary: true });
  return found ? Number(found.headers.get(KEPT)) : 0;
}

// The page as it was kept for who is signed in, marked with its time; null where there is none.
export async function keptPage(path) {
  const user = await currentUser();
  const found = user && (await caches.match(path, { cacheName: PAGES + user, ignoreVary: true }));
  if (!found || found.headers.get("Opieka-User") !== user) return null;
  if (Date.now() - Number(found.headers.get(KEPT)) > OLDEST) return null;
  const text = (await found.text()).replace("<html ", `<html data-as-of="${found.headers.get(AS_OF)}" `);
  return new Response(text, { headers: found.headers });
}

export async function forgetPage(user, path) {
  if (HAS_CACHES) await (await caches.open(PAGES + user)).delete(path, { ignoreVary: true });
}

export async function forgetPagesOf(user) {
  if (HAS_CACHES) await caches.delete(PAGES + user);
}

// The page for whom nothing is kept: it is nobody's, so it lies with the files.
export async function keepFile(url, answer) {
  const cache = await caches.open(FILES);
  await cache.put(url, answer);
}

export async function keptFile(url) {
  return caches.match(url, { cacheName: FILES, ignoreVary: true });
}

export async function keepFiles(urls) {
  const cache = await caches.open(FILES);
  for (const url of urls) {
    if (await cache.match(url, { ignoreVary: true })) continue;
    const answer = await fetch(url);
    if (answer.ok) await cache.put(url, answer);
  }
  await trim(cache, MOST_FILES);
}
