// What the dashboard needs beside htmx: nothing of it is needed to work, all of it saves clicks.
"use strict";
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form && event.target.matches("select, input[type=date], input[type=checkbox]")) form.requestSubmit();
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select");
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && !isTyping && search) { event.preventDefault(); search.focus(); search.select(); }
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.submitter?.formTarget) return; // a preview leaves the page as it is
  if (form.dataset.sent) { event.preventDefault(); return; } // a double click acts once
  form.dataset.sent = "1";
});
let looking;
document.addEventListener("input", (event) => { // a preview follows what is typed
  const form = event.target.closest("form[data-preview]");
  if (!form || event.target.name === "q") return;
  clearTimeout(looking);
  looking = setTimeout(() => form.checkValidity() && form.requestSubmit(form.querySelector("button[formtarget]")), 600);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
document.querySelectorAll("button[data-copy]").forEach((button) => {
  button.hidden = !navigator.clipboard; // only where the page came by HTTPS, or from this machine
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = button.dataset.done;
  });
});
