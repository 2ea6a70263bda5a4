// A form with data-autosubmit is sent as soon as one of its selects, boxes or choices changes.
document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-autosubmit]") || !event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]")) return;
  form.requestSubmit();
});
