// A question at the counter, about a receipt or a sign: what was read or typed goes to the server, which
// decides and brings its words along.
window.question = function question(root, verdict, url) {
  const words = JSON.parse(document.querySelector(".till").dataset.words);

  function tell(kind, title, detail) {
    verdict.dataset.verdict = kind;
    verdict.querySelector("strong").textContent = title;
    verdict.querySelector("span").textContent = detail || "";
    verdict.hidden = false;
  }

  async function ask(presented) {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(presented),
      });
      if (response.status === 401) { location.reload(); return; }
      const answer = await response.json();
      if (answer.verdict) tell(answer.verdict, answer.title, answer.detail);
      else tell("unsure", words.failed, answer.detail);
    } catch {
      tell("unsure", words.failed, "");
    }
  }

  // A field for a text, which a button shows and hides.
  function byText(form, field, take) {
    root.querySelector("[data-paste]").addEventListener("click", () => {
      form.hidden = !form.hidden;
      if (!form.hidden) field.focus();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const text = field.value.trim();
      if (text) take(text);
    });
  }

  return { words, ask, byText, unsure: (why) => tell("unsure", words[why], "") };
};
