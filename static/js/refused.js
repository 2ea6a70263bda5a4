// A refused form opens at the first field that needs another look: on a phone it lies far below, out of sight.
const words = document.querySelector("main form[method='post'] .error");
const place = words?.closest(".line, .field, fieldset");
const field = place?.querySelector("[aria-invalid='true']") ?? place?.querySelector("input, select, textarea");
if (field) {
  field.focus({ preventScroll: true });
  place.scrollIntoView({ block: "center" });
}
