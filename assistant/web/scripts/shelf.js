// Runs in the list of documents: open, leave out of the search, remove.
const look = async () => {
  wj.translate(element);
  const html = await wj.call(server.documents);
  if (html !== null) element.querySelector(".wj-hold").innerHTML = html;
};

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.name === "show") wj.tell("show", button.value);
  if (button?.name !== "remove") return;
  const title = button.title;
  if (await wj.dialog({ title: wj.text("document_remove_title", { title }), ok: "document_remove" }) === null) return;
  await wj.call(server.remove, { id: button.value });
  look();
});

element.addEventListener("change", () => {
  const left = [...element.querySelectorAll("input[type=checkbox]")].filter((box) => !box.checked);
  wj.call(server.choose, { left_out: left.map((box) => box.value) });
});

watch("value", look);
look();
