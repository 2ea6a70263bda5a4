// htmx sends what a form's csrf token would.
const token = document.querySelector("meta[name=csrf-token]")?.content;

document.addEventListener("htmx:configRequest", (event) => {
  const here = new URL(event.detail.path, location.href).origin === location.origin;
  if (token && here) event.detail.headers["X-CSRFToken"] = token;
});
