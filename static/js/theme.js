// Light or dark at once: the choice is shown here and kept by the server (home:theme), on the user and in a cookie.
const root = document.documentElement;

function show(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
}

async function keep(form, theme) {
  const body = new FormData(form);
  body.set("theme", theme);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-theme-form]");
  if (!form || event.target.name !== "theme") return;
  show(event.target.value);
  keep(form, event.target.value);
});

// A single button that turns the theme over, for looking at pages.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-toggle-theme]")) return;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  show(dark ? "light" : "dark");
});

root.dataset.script = ""; // .nojs is for those without
