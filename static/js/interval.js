// Every N days, so often a quarter, so many minutes a year: whichever is edited, the others follow. The server does the
// same without script (contacts/intervals.py): a year has 365 days, a quarter 91.25.
const YEAR = 365;
const QUARTER = YEAR / 4;
const MOST_DAYS = 1100;

const whole = (exact) => Math.min(MOST_DAYS, Math.max(1, Math.round(exact)));
const number = (input) => {
  const value = Number.parseFloat(input?.value);
  return value > 0 ? value : null;
};

document.addEventListener("input", (event) => {
  const form = event.target.form;
  const { every_days: days, per_quarter: often, minutes_per_year: yearly, minutes } = form?.elements ?? {};
  if (!days || !often || !yearly || ![days, often, yearly, minutes].includes(event.target)) return;
  const length = number(minutes);
  if (event.target === often && number(often)) days.value = whole(QUARTER / number(often));
  if (event.target === yearly && number(yearly) && length) days.value = whole((YEAR * length) / number(yearly));
  const every = number(days);
  if (event.target !== often) often.value = every ? (QUARTER / every).toFixed(2) : "";
  if (event.target !== yearly) yearly.value = every && length ? Math.round((YEAR * length) / every) : "";
});
