// Runs before Gradio does. What all areas need: texts, dialogs, tabs, keys, names for screen readers.
window.wj = (() => {
  const TEXTS = INTERFACE;
  const kept = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const keep = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private window */ } };

  const chosen = kept("wj-language");
  const language = chosen === "zh" || chosen === "en" ? chosen
    : (navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en";
  const locale = language === "zh" ? "zh-CN" : "en";
  document.documentElement.lang = locale;
  document.cookie = `wenju_language=${language}; path=/; max-age=31536000; samesite=lax`;
  // Gradio takes the language of its own texts, and the page's, from the browser.
  Object.defineProperty(navigator, "language", { get: () => locale });
  Object.defineProperty(navigator, "languages", { get: () => [locale] });

  const text = (key, blanks = {}) =>
    (TEXTS[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => blanks[name] ?? whole);

  const translate = (root) => {
    root.querySelectorAll("[data-t]").forEach((e) => { e.textContent = text(e.dataset.t, e.dataset); });
    root.querySelectorAll("[data-t-label]").forEach((e) => e.setAttribute("aria-label", text(e.dataset.tLabel)));
    root.querySelectorAll("[data-t-placeholder]").forEach((e) => { e.placeholder = text(e.dataset.tPlaceholder); });
  };

  // Appearance: as the system is (Gradio sets the class .dark), or as chosen.
  const look = () => {
    const wanted = kept("wj-look") || "auto";
    const dark = wanted === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : wanted === "dark";
    if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };

  const toast = (message) => {
    const shown = Object.assign(document.createElement("p"), { className: "wj-toast", textContent: message });
    shown.setAttribute("role", "status");
    (document.querySelector(".gradio-container") ?? document.body).append(shown);
    setTimeout(() => shown.remove(), 4000);
  };

  // Asks for words, or only for a yes; resolves to the words ("" for a bare yes) or to null.
  const dialog = ({ title, ok, value = null, long = false }) => new Promise((resolve) => {
    const box = Object.assign(document.createElement("dialog"), { className: "wj-dialog" });
    const form = Object.assign(document.createElement("form"), { method: "dialog" });
    const label = Object.assign(document.createElement(value === null ? "p" : "label"), { textContent: title });
    const field = document.createElement(long ? "textarea" : "input");
    const yes = Object.assign(document.createElement("button"), { textContent: text(ok), value: "ok", className: "wj-yes" });
    const no = Object.assign(document.createElement("button"), { textContent: text("cancel"), type: "button" });
    form.append(label);
    if (value !== null) { field.value = value; label.append(field); }
    const row = Object.assign(document.createElement("div"), { className: "wj-row" });
    row.append(no, yes);
    form.append(row);
    box.append(form);
    box.setAttribute("aria-label", title);
    no.addEventListener("click", () => box.close());
    field.addEventListener("keydown", (event) => {
      if (long && event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); yes.click(); }
    });
    box.addEventListener("close", () => { box.remove(); resolve(box.returnValue === "ok" ? field.value : null); });
    (document.querySelector(".gradio-container") ?? document.body).append(box);
    box.showModal();
    (value === null ? no : field).focus();
  });

  // Calls one of the server's functions for an area; what cannot be done is said, and gives null.
  const call = async (served, sent = {}) => {
    try {
      const { value, error } = await served(sent);
      if (error !== undefined) { toast(error); return null; }
      return value;
    } catch { toast(text("offline")); return null; }
  };

  const area = (name) => {
    document.querySelector(".wj-main")?.setAttribute("data-area", name);
    document.querySelectorAll(".wj-areas button").forEach((b) => b.setAttribute("aria-pressed", b.dataset.area === name));
  };

  const state = () => document.querySelector(".wj-state");
  const current = () => state()?.dataset.conversation ?? "";
  const writing = () => Boolean(state()?.dataset.writing);
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`wj-${name}`, { detail }));
  const box = () => document.querySelector(".wj-box textarea");

  document.addEventListener("DOMContentLoaded", () => {
    look();
    new MutationObserver(look).observe(document.body, { attributeFilter: ["class"] });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", look);

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest(".wj-language")) { keep("wj-language", language === "zh" ? "en" : "zh"); location.reload(); }
    const tab = target?.closest(".wj-areas button");
    if (tab) area(tab.dataset.area);
    if (target?.closest(".wj-skip")) { event.preventDefault(); area("chat"); box()?.focus(); }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.(".wj-look")) { keep("wj-look", event.target.value); look(); }
  });

  // An Enter that belongs to an input method: Chrome and Firefox say isComposing; Safari ends the composition first and
  // gives key code 229.
  let choosing = false;
  document.addEventListener("keydown", (event) => {
    choosing = event.key === "Enter" && (event.isComposing || event.keyCode === 229);
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && writing()) document.querySelector(".wj-box .stop-button")?.click();
    if (event.key === "/" && !event.target.closest?.("input, textarea, select")) {
      event.preventDefault();
      area("chat");
      box()?.focus();
    }
    const digit = /^Digit([1-9])$/.exec(event.code);
    if (event.altKey && digit) { event.preventDefault(); tell("cite", Number(digit[1])); }
  }, true);
  // What stands in the box is asked, not what Gradio knows of it: that lags behind fast typing.
  const ask = (event) => {
    event.stopImmediatePropagation();
    event.preventDefault();
    const question = box()?.value ?? "";
    if (question.trim() && !writing()) tell("ask", question);
  };
  document.addEventListener("keypress", (event) => {
    if (event.key !== "Enter") return;
    if (choosing || event.isComposing) event.stopImmediatePropagation();
    else if (event.target === box() && !event.shiftKey) ask(event);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(".wj-box .submit-button")) ask(event);
  }, true);

  // Gradio labels a message with its raw HTML and leaves buttons without a name; our own parts wait for their texts.
  const mend = () => {
    document.querySelectorAll('.wj-chat [data-testid][aria-label*="<"]').forEach((e) => e.removeAttribute("aria-label"));
    document.querySelectorAll(".wj-chat .examples[role=list]").forEach((e) => e.setAttribute("role", "group"));
    for (const name of ["submit", "stop"]) {
      document.querySelectorAll(`.wj-box .${name}-button:not([aria-label])`).forEach((e) => {
        e.title = text(name === "submit" ? "send" : "stop");
        e.setAttribute("aria-label", e.title);
      });
    }
    document.querySelector(".wj-main:not([data-area])")?.setAttribute("data-area", "chat");
    const top = document.querySelector(".wj-top header:not(.wj-ready)");
    if (top) {
      top.classList.add("wj-ready");
      translate(top);
      top.querySelector(".wj-language").textContent = language === "zh" ? "English" : "中文";
      top.querySelector(".wj-look").value = kept("wj-look") || "auto";
    }
  };
  new MutationObserver(mend).observe(document, { subtree: true, childList: true, attributeFilter: ["aria-label"] });

  return { language, text, translate, toast, dialog, call, area, current, writing, tell };
})();
