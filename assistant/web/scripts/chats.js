// Runs in the list of conversations: open, begin, search, rename, export, delete.
const hold = element.querySelector(".wj-hold");
const search = element.querySelector(".wj-search");
wj.translate(element);

const look = async () => {
  const html = await wj.call(server.conversations, { search: search.value, current: wj.current() });
  if (html !== null) hold.innerHTML = html;
};

const save = ({ name, text }, type) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};

const acts = {
  new: () => wj.tell("open", ""),
  open: (id) => wj.tell("open", id),
  rename: async (id, title) => {
    const name = await wj.dialog({ title: wj.text("rename_title"), ok: "save", value: title });
    if (name !== null) await wj.call(server.rename, { id, title: name });
  },
  delete: async (id, title) => {
    if (await wj.dialog({ title: wj.text("delete_title", { title }), ok: "delete" }) === null) return;
    if (id === wj.current()) wj.tell("open", "");
    await wj.call(server.delete, { id });
  },
  export_markdown: async (id) => {
    const file = await wj.call(server.export, { id, format: "markdown" });
    if (file) save(file, "text/markdown");
  },
  export_json: async (id) => {
    const file = await wj.call(server.export, { id, format: "json" });
    if (file) save(file, "application/json");
  },
};

element.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  button.closest("details")?.removeAttribute("open");
  await acts[button.name](button.value, button.title);
  if (button.name !== "open") look();
});
document.addEventListener("click", (event) => { // one menu at a time, none after a click elsewhere
  element.querySelectorAll("details[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  });
});
let waiting = 0;
search.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 150);
});
document.addEventListener("wj-talked", look);
look();
