// Runs before Gradio does: the page's language, an Enter that belongs to an input method, names for screen readers.
(() => {
  const language = (navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en";
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";

  // Chrome and Firefox say isComposing; Safari ends the composition first and gives key code 229.
  let choosing = false;
  document.addEventListener("keydown", (event) => {
    choosing = event.key === "Enter" && (event.isComposing || event.keyCode === 229);
  }, true);
  document.addEventListener("keypress", (event) => {
    if (event.key === "Enter" && (choosing || event.isComposing)) event.stopImmediatePropagation();
  }, true);

  // Gradio labels a message with its raw HTML and leaves the buttons of a text box without a name.
  const names = BUTTON_NAMES[language];
  const mend = () => {
    document.querySelectorAll('.wj-chat [data-testid][aria-label*="<"]').forEach((e) => e.removeAttribute("aria-label"));
    for (const [name, button] of [["send", "submit"], ["stop", "stop"]]) {
      document.querySelectorAll(`.wj-box .${button}-button:not([aria-label])`).forEach((e) => {
        e.setAttribute("aria-label", names[name]);
        e.title = names[name];
      });
    }
  };
  new MutationObserver(mend).observe(document, { subtree: true, childList: true, attributeFilter: ["aria-label"] });
})();
