// What is on the device (docs/architecture.md, "What is on the device"): contacts that wait to be sent, and whose device
// it is now. Used by the pages and by the service worker.
export const OFFLINE = "/offline/"; // the page that lists what waits
export const WHO = "/offline/who/"; // who is signed in, and a fresh csrf token
export const LOGIN = "/account/login/";
export const WORKER = "/sw.js";

const news = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("waiting");

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  const request = indexedDB.open("opieka", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("contacts", { keyPath: "uuid" });
    request.result.createObjectStore("device");
  };
  return settled(request);
}

async function within(name, mode, act) {
  const database = await open();
  try {
    const transaction = database.transaction(name, mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
    const result = await settled(act(transaction.objectStore(name)));
    await done; // written, not only asked for
    return result;
  } finally {
    database.close();
  }
}

// Tell the other pages, and this one, that something changed.
function tell() {
  news?.postMessage("");
  globalThis.dispatchEvent(new Event("waiting"));
}

export function onChange(act) {
  news?.addEventListener("message", act);
  addEventListener("waiting", act);
}

// A contact is { uuid, user, path, otherwise, fields: [[name, value]], writtenAt (ISO), shown: {…}, refused: null or
// { errors: {field: [words]} } or { gone: true } }.
export async function contactsOf(user) {
  const all = await within("contacts", "readonly", (store) => store.getAll());
  return all.filter((one) => one.user === user).sort((a, b) => (a.writtenAt < b.writtenAt ? -1 : 1));
}

// How many wait that somebody else wrote; nothing of them is shown.
export async function countOfOthers(user) {
  const all = await within("contacts", "readonly", (store) => store.getAll());
  return all.filter((one) => one.user !== user).length;
}

export async function anythingWaits() {
  return (await within("contacts", "readonly", (store) => store.count())) > 0;
}

export async function contact(uuid) {
  return within("contacts", "readonly", (store) => store.get(uuid));
}

export async function keepContact(one) {
  await within("contacts", "readwrite", (store) => store.put(one));
  tell();
}

export async function dropContact(uuid) {
  await within("contacts", "readwrite", (store) => store.delete(uuid));
  tell();
}

export async function dropContactsOf(user) {
  for (const one of await contactsOf(user)) await dropContact(one.uuid);
}

// Whose pages may be shown from the device: who was seen signed in last; null where nobody is.
export async function currentUser() {
  return (await within("device", "readonly", (store) => store.get("user"))) ?? null;
}

export async function setCurrentUser(user) {
  await within("device", "readwrite", (store) => store.put(user, "user"));
}
