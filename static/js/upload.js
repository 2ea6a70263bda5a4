// Bringing a file: the area shows which one was chosen or dropped, and how far its way to the server is.
const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
const size = (bytes) => (bytes < 1e6 ? `${number.format(bytes / 1e3)} KB` : `${number.format(bytes / 1e6)} MB`);

function say(input) {
  const file = input.files[0];
  const place = input.closest(".drop").querySelector("[data-file-name]");
  place.hidden = !file;
  place.textContent = file ? `${file.name}, ${size(file.size)}` : "";
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".drop input[type=file]")) say(event.target);
});
document.querySelectorAll(".drop input[type=file]").forEach(say); // chosen before this was here, or kept by "back"
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.target.closest?.(".drop")?.toggleAttribute("data-over", name === "dragenter" || name === "dragover");
  });
}

document.addEventListener("htmx:xhr:progress", (event) => {
  const place = event.target.querySelector?.("[data-upload-progress]");
  if (!place || !event.detail.lengthComputable) return;
  const { loaded, total } = event.detail;
  place.hidden = false;
  const bar = place.querySelector("progress");
  bar.max = total;
  bar.value = loaded;
  place.querySelector("span").textContent = `${size(loaded)} / ${size(total)}`;
});
