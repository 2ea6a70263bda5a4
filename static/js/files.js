// Choosing several files, or dropping them: the area shows which, before they are sent.
function say(input) {
  const place = input.closest(".drop").querySelector("[data-file-names]");
  if (!place) return;
  place.hidden = !input.files.length;
  place.textContent = [...input.files].map((file) => file.name).join(", ");
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".drop input[type=file]")) say(event.target);
});
document.querySelectorAll(".drop input[type=file]").forEach(say); // kept by "back"
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.target.closest?.(".drop")?.toggleAttribute("data-over", name === "dragenter" || name === "dragover");
  });
}
