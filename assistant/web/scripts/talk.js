// Runs in the state of the conversation: what can be done with an answer, and which conversation the address names.
const chat = () => document.querySelector(".wj-chat");

const copied = async (words) => {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch { // not allowed, or not a secure address
    const field = Object.assign(document.createElement("textarea"), { value: words });
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
};

const rate = async (at, rating) => {
  const id = wj.current();
  const comment = await wj.dialog({ title: wj.text("comment_title"), ok: "save", value: "", long: true });
  if (comment === null) return;
  if (await wj.call(server.rate, { id, at, rating, comment }) === null) return;
  chat().querySelectorAll(`.wj-do[value="${at}"]`).forEach((button) => {
    button.classList.toggle("wj-chosen", button.name === (rating === "up" ? "good" : "bad"));
  });
  wj.toast(wj.text("thanks"));
};

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest(".wj-chat button.wj-do") : null;
  if (!button || wj.writing()) return;
  const at = Number(button.value);
  const asked = chat().querySelectorAll(".wj-question")[at]?.textContent ?? "";
  if (button.name === "copy") {
    const words = await wj.call(server.copy, { id: wj.current(), at });
    if (words !== null) wj.toast(wj.text(await copied(words) ? "copied" : "copy_failed"));
  } else if (button.name === "retry") {
    trigger("submit", { at, question: asked });
  } else if (button.name === "edit") {
    const question = await wj.dialog({ title: wj.text("edit_title"), ok: "ask_again", value: asked, long: true });
    if (question?.trim()) trigger("submit", { at, question });
  } else if (button.name === "good" || button.name === "bad") {
    rate(at, button.name === "good" ? "up" : "down");
  }
});

document.addEventListener("wj-ask", (event) => trigger("submit", { question: event.detail }));

document.addEventListener("wj-open", (event) => {
  wj.area("chat");
  trigger("select", { id: event.detail });
});

watch("value", () => {
  const address = new URL(location.href);
  if (wj.current()) address.searchParams.set("c", wj.current());
  else address.searchParams.delete("c");
  history.replaceState(null, "", address);
  wj.tell("talked");
});

const named = new URL(location.href).searchParams.get("c");
if (named) trigger("select", { id: named });
