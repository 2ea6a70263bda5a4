// Sending what waits, in the order in which it was written: to the address of its form, with the uuid of its form, so that
// the server logs it once however often it arrives. Used by the pages and by the service worker.
import { forgetPage } from "./pages.js";
import { WHO, anythingWaits, contactsOf, dropContact, keepContact } from "./store.js";

const JSON_ONLY = { Accept: "application/json" };
const PATIENCE = 20_000; // ms
const LATER = "later";

// Who is signed in, and a token: { user: text or null, token }. Throws where the server cannot be reached.
export async function askWho() {
  const answer = await fetch(WHO, {
    headers: JSON_ONLY,
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!answer.ok) throw new Error(`who: ${answer.status}`);
  return answer.json();
}

// One POST of a log form. Gives { status, said }: 0 for an answer that is none of ours (a sign-in page, a hotel's portal).
export async function post(path, fields, token) {
  const answer = await fetch(path, {
    method: "POST",
    headers: token ? { ...JSON_ONLY, "X-CSRFToken": token } : JSON_ONLY,
    body: new URLSearchParams(fields),
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const ours = answer.headers.get("Content-Type")?.startsWith("application/json");
  return { status: ours || answer.status >= 400 ? answer.status : 0, said: ours ? await answer.json() : null };
}

async function sendOne(one, token) {
  const fields = [...one.fields, ["written_at", one.writtenAt], ["written_by", one.user]];
  let { status, said } = await post(one.path, fields, token);
  // The follow-up is gone; the contact took place all the same.
  if (status === 404 && one.otherwise) ({ status, said } = await post(one.otherwise, fields, token));
  if (status === 200 && said?.result === "logged") {
    await forgetPage(one.user, one.path); // it shows a form that was used
    await dropContact(one.uuid);
  } else if (status === 422 && said) {
    await keepContact({ ...one, refused: { errors: said.errors } });
  } else if (status === 404) {
    await keepContact({ ...one, refused: { gone: true } });
  } else {
    return LATER; // signed out meanwhile, somebody else, or the server is in trouble: it waits on
  }
  return status;
}

// Gives { standing: "sent" | "offline" | "signed-out", sent: number }. One sender at a time on a device.
export async function send() {
  if (!(await anythingWaits())) return { standing: "sent", sent: 0 };
  return navigator.locks ? navigator.locks.request("sending", sendAll) : sendAll();
}

async function sendAll() {
  let who;
  try {
    who = await askWho();
  } catch {
    return { standing: "offline", sent: 0 };
  }
  if (who.user === null) return { standing: "signed-out", sent: 0 };
  let sent = 0;
  for (const one of (await contactsOf(who.user)).filter((each) => !each.refused)) {
    try {
      const outcome = await sendOne(one, who.token);
      if (outcome === LATER) return { standing: "offline", sent };
      if (outcome === 200) sent += 1;
    } catch {
      return { standing: "offline", sent };
    }
  }
  return { standing: "sent", sent };
}
