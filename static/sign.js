// "Check my sign" at the counter: the code on the wall by camera, picture or text. The server decides
// and brings its words along.
(function sign() {
  const root = document.querySelector("#sign");
  const says = JSON.parse(document.querySelector(".till").dataset.words);
  const told = document.querySelector("#sign-verdict");
  const form = document.querySelector("#sign-text");

  function tell(kind, title, detail) {
    told.dataset.verdict = kind;
    told.querySelector("strong").textContent = title;
    told.querySelector("span").textContent = detail || "";
    told.hidden = false;
  }

  async function check(text) {
    try {
      const response = await fetch(root.dataset.check, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text }),
      });
      if (response.status === 401) { location.reload(); return; }
      const answer = await response.json();
      if (answer.verdict) tell(answer.verdict, answer.title, answer.detail);
      else tell("unsure", says.failed, answer.detail);
    } catch {
      tell("unsure", says.failed, "");
    }
  }

  const camera = window.scanner(
    root,
    root.dataset.decode,
    // A receipt that somebody still holds up is no sign.
    (text) => !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text),
    check,
    (why) => tell("unsure", says[why === "noCode" ? "noSign" : why], ""),
  );

  root.querySelector("[data-paste]").addEventListener("click", () => {
    form.hidden = !form.hidden;
    if (!form.hidden) form.elements.text.focus();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    camera.stop();
    const text = form.elements.text.value.trim();
    if (text) check(text);
  });
})();
