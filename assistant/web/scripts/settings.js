// Runs in the settings: what is chosen is kept at once.
const look = async () => {
  const html = await wj.call(server.settings);
  if (html !== null) element.querySelector(".wj-hold").innerHTML = html;
};

element.addEventListener("change", (event) => {
  const { name, value } = event.target;
  const key = name === "answer_language" ? "answer" : name;
  wj.call(server.choose, { [key]: name === "passages" ? Number(value) : value });
});

look();
