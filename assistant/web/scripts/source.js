// Runs in the source area (element, props, server and watch are Gradio's): a click on a citation opens its document
// there, with every sentence that the answer cites marked; a click on one of them goes back to the claim.
let quotes = props.value; // what to go back to: the list of quotes
let answer = null; // the answer whose citation is open

const reveal = (node, scroller) => {
  if (!node || !scroller) return;
  const offset = node.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
  scroller.scrollTop += offset - scroller.clientHeight / 3;
  node.classList.remove("wj-flash");
  void node.offsetWidth; // restarts the animation
  node.classList.add("wj-flash");
};

const place = (link) => {
  const [, id, start, end] = link.getAttribute("href").split("/");
  return { document: decodeURIComponent(id), start: Number(start), end: Number(end) };
};

const show = (html) => {
  const back = Object.assign(document.createElement("button"), {
    type: "button", className: "wj-do wj-to-quotes", textContent: wj.text("source_back"),
  });
  props.value = back.outerHTML + html;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    reveal(element.querySelector("mark.wj-now"), element.querySelector(".wj-text"));
  }));
};

const open = async (sent) => {
  const html = await wj.call(server.source, sent);
  if (html === null) return;
  show(html);
  wj.area("source");
};

const cite = (link, within) => {
  document.querySelectorAll(".wj-current").forEach((other) => other.classList.remove("wj-current"));
  link.classList.add("wj-current");
  answer = within;
  const wanted = place(link);
  const cited = new Map();
  within?.querySelectorAll(".wj-marker").forEach((marker) => {
    const at = place(marker);
    if (at.document === wanted.document) cited.set(marker.textContent, [at.start, at.end, Number(marker.textContent.slice(1, -1))]);
  });
  return open({ ...wanted, cited: [...cited.values()] });
};

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(".wj-to-quotes")) { props.value = quotes; return; }
  const back = target?.closest('a[href^="#wj-back/"]');
  if (back) {
    event.preventDefault();
    const marker = back.getAttribute("href").split("/")[1];
    const link = [...(answer?.querySelectorAll(".wj-marker") ?? [])].find((one) => one.textContent === `[${marker}]`);
    if (!link) return;
    wj.area("chat");
    const claim = link.closest(".wj-claim") ?? link;
    claim.scrollIntoView({ block: "center" });
    claim.classList.remove("wj-flash");
    void claim.offsetWidth;
    claim.classList.add("wj-flash");
    link.focus();
    return;
  }
  const link = target?.closest('a[href^="#wj/"]');
  if (!link) return;
  event.preventDefault();
  const listed = link.closest(".wj-evidence"); // a quote in this area belongs to an answer in the chat
  cite(link, link.closest(".wj-answer") ?? (listed && document.getElementById(`wj-answer-${listed.dataset.answer}`)));
});

document.addEventListener("wj-cite", (event) => {
  const last = [...document.querySelectorAll(".wj-answer")].at(-1);
  const link = [...(last?.querySelectorAll(".wj-marker") ?? [])].find((one) => one.textContent === `[${event.detail}]`);
  if (link) cite(link, last);
});

document.addEventListener("wj-show", (event) => {
  answer = null;
  open({ document: event.detail, start: 0, end: 0 });
});

watch("value", () => { if (!element.querySelector(".wj-document, .wj-to-quotes")) quotes = props.value; });
