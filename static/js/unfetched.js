// A part of the page that could not be fetched: the nearest element with data-unfetched says so until the next one came.
function nearest(element) {
  for (let at = element; at; at = at.parentElement) {
    const found = at.querySelector?.("[data-unfetched]");
    if (found) return found;
  }
  return null;
}

for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, (event) => {
    const words = nearest(event.detail.elt);
    if (words) words.hidden = false;
  });
}
document.addEventListener("htmx:afterOnLoad", () => {
  document.querySelectorAll("[data-unfetched]").forEach((words) => { words.hidden = true; });
});
