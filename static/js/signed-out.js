// A sign-in that expired while the page was open: a part of it must not become the sign-in form. Load the whole page
// anew; it asks for the sign-in and leads back here.
document.addEventListener("htmx:beforeSwap", (event) => {
  const address = event.detail.xhr?.responseURL;
  if (!address || !new URL(address).pathname.endsWith("/login/")) return;
  event.detail.shouldSwap = false;
  location.reload();
});
