// Runs in the source panel (element, trigger and watch are Gradio's): a click on a citation opens its document there.
const sheet = element.closest(".wj-right");

const reveal = () => {
  const mark = element.querySelector("mark");
  const scroller = element.querySelector(".wj-text");
  if (!mark || !scroller) return;
  const offset = mark.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollTop += offset - scroller.clientHeight / 3;
  mark.classList.remove("wj-flash");
  void mark.offsetWidth; // restarts the animation
  mark.classList.add("wj-flash");
};

const close = () => {
  sheet.classList.remove("wj-open");
  document.querySelectorAll(".wj-current").forEach((link) => link.classList.remove("wj-current"));
};

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(".wj-close")) return close();
  const link = target?.closest('a[href^="#wj/"]');
  if (!link) return;
  event.preventDefault();
  close();
  link.classList.add("wj-current");
  sheet.classList.add("wj-open");
  const [, id, start, end] = link.getAttribute("href").split("/");
  const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
  trigger("click", { document: decodeURIComponent(id), start: Number(start), end: Number(end), language });
  reveal(); // the same citation again changes nothing that could be watched
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
});

watch("value", () => requestAnimationFrame(reveal));
