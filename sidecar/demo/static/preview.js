// Without this script everything works, with one click more and without a live log.
"use strict";

for (const select of document.querySelectorAll("select[data-submits]")) {
  select.form.querySelector("button").hidden = true;
  select.addEventListener("change", () => select.form.submit());
}

const rows = document.querySelector("[data-rows]");
if (rows) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(rows.dataset.rows);
      // Our own template, which escapes every value.
      if (answer.ok) rows.innerHTML = await answer.text();
    } catch {
      // The demo was stopped; the next try may find it again.
    }
  }, 1500);
}
