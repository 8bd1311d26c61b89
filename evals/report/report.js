"use strict";
// Shows the cases that fit every filter. Without scripts all cases are shown.
(() => {
  const form = document.getElementById("filters");
  const count = document.getElementById("count");
  const cases = [...document.querySelectorAll("#cases > .case")];
  const words = new Map(cases.map((one) => [one, one.textContent.toLowerCase()]));
  const apply = () => {
    const wanted = [...form.querySelectorAll("[data-filter]")].filter((field) => field.value.trim() !== "");
    let shown = 0;
    for (const one of cases) {
      one.hidden = !wanted.every((field) =>
        field.dataset.filter === "text"
          ? words.get(one).includes(field.value.trim().toLowerCase())
          : one.dataset[field.dataset.filter] === field.value
      );
      shown += one.hidden ? 0 : 1;
    }
    count.textContent = shown === cases.length ? `${shown} cases` : `${shown} of ${cases.length} cases`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
})();
