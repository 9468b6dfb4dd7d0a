/* What the pages do in the browser beside htmx. Every page works without it; it brings the keys. */
"use strict";

(() => {
  const notice = () => document.getElementById("notice");
  const dialog = () => document.getElementById("keys");
  let begun = "";

  const shown = (element) => element.getClientRects().length > 0 && !element.disabled;
  const typing = (element) =>
    element.closest("input:not([type=checkbox]):not([type=range]), textarea, select") !== null;
  const keyed = (keys) =>
    [...document.querySelectorAll("[data-key]")].find((e) => e.dataset.key === keys && shown(e));

  function tell(text, bad) {
    const box = notice();
    box.className = bad ? "bad" : "";
    box.textContent = text;
    window.clearTimeout(tell.timer);
    tell.timer = window.setTimeout(() => { box.textContent = ""; }, bad ? 12000 : 4000);
  }

  /* A key acts on what carries it: links and buttons are pressed, boxes ticked, fields entered. */
  function act(element) {
    if (element.matches("input[type=checkbox]")) {
      element.checked = !element.checked;
      element.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (element.matches("input, textarea, select")) {
      element.focus();
      if (element.select) element.select();
    } else {
      element.click();
    }
  }

  function named(event) {
    const letter = event.key.length === 1 && event.key !== event.key.toLowerCase();
    return letter && event.shiftKey ? `Shift+${event.key}` : event.key;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "ArrowDown" && event.target.type === "search") {
        event.preventDefault();
        row("ArrowDown")?.click();
      }
      return;
    }
    if (dialog().open) return;
    const key = named(event);
    const both = begun && `${begun} ${key}`;
    const element = (both && keyed(both)) || keyed(key) || row(key);
    begun = element ? "" : key === "g" ? "g" : "";
    if (!element) return;
    event.preventDefault();
    act(element);
  });

  /* In lists the arrows go from row to row; Enter opens, as for any link. */
  function row(key) {
    const step = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[key];
    if (!step) return null;
    const rows = [...document.querySelectorAll("[data-row]")].filter(shown);
    const at = rows.indexOf(document.activeElement);
    const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
    return next ? { matches: () => false, click: () => next.focus() } : null;
  }

  function listKeys() {
    const list = dialog().querySelector("dl");
    list.replaceChildren();
    const seen = new Set();
    for (const element of document.querySelectorAll("[data-key][data-says]")) {
      if (seen.has(element.dataset.key) || !shown(element)) continue;
      seen.add(element.dataset.key);
      const term = document.createElement("dt");
      const key = document.createElement("kbd");
      const says = document.createElement("dd");
      key.textContent = element.dataset.key;
      says.textContent = element.dataset.says;
      term.append(key);
      list.append(term, says);
    }
    dialog().showModal();
  }

  function copy(button) {
    const text = button.dataset.copy;
    const done = () => tell(`Copied: ${text}`);
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => tell(text));
    else tell(text);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-opens], [data-copy]");
    if (button?.dataset.opens) listKeys();
    if (button?.dataset.copy) copy(button);
  });

  document.addEventListener("change", (event) => {
    const changed = event.target;
    if (changed.matches("[data-submits]")) changed.form.requestSubmit();
    if (changed.matches("[data-checks]")) {
      const boxes = changed.form.querySelectorAll(`input[name="${changed.dataset.checks}"]`);
      for (const box of boxes) box.checked = changed.checked;
    }
    if (changed.matches("[data-shows]")) {
      const kind = changed.dataset.shows;
      for (const item of document.querySelectorAll(`.timeline li[data-kind="${kind}"]`)) {
        item.hidden = !changed.checked;
      }
    }
  });

  /* What went wrong is said by the server's own page; its sentence is shown here. */
  document.addEventListener("htmx:responseError", (event) => {
    const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
    const said = page.querySelector("main p");
    tell(said ? said.textContent : "The server could not do that.", true);
  });
  document.addEventListener("htmx:sendError", () => tell("The server does not answer.", true));

  /* In a frame, Airflow's, a page has the keys as soon as it is there, not after a first click. */
  if (window.parent !== window) {
    window.focus();
    document.querySelector("[autofocus]")?.focus();
  }

  /* The case at hand stays in sight in the queue. */
  document.addEventListener("htmx:afterSettle", () => {
    document.querySelector(".queue li[aria-current]")?.scrollIntoView({ block: "nearest" });
  });
})();
