// The check of receipts at the counter: number, camera, picture or text. The server decides and
// brings its words along.
const check = document.querySelector("#check");
const terms = JSON.parse(document.querySelector(".till").dataset.words);
const verdict = document.querySelector("#verdict");
const byText = document.querySelector("#by-text");

function tell(kind, title, detail) {
  verdict.dataset.verdict = kind;
  verdict.querySelector("strong").textContent = title;
  verdict.querySelector("span").textContent = detail || "";
  verdict.hidden = false;
}

async function verify(presented) {
  try {
    const response = await fetch(check.dataset.verify, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(presented),
    });
    if (response.status === 401) { location.reload(); return; }
    const answer = await response.json();
    if (answer.verdict) tell(answer.verdict, answer.title, answer.detail);
    else tell("unsure", terms.failed, answer.detail);
  } catch {
    tell("unsure", terms.failed, "");
  }
}

document.querySelector("#by-number").addEventListener("submit", (event) => {
  event.preventDefault();
  const digits = document.querySelector("#digits");
  const number = digits.value.replace(/\s/g, "");
  if (/^[0-9]{6}$/.test(number)) verify({ number });
  else if (number) tell("unsure", terms.sixDigits, "");
  digits.select();
});

check.querySelector("[data-paste]").addEventListener("click", () => {
  byText.hidden = !byText.hidden;
  if (!byText.hidden) byText.elements.receipt.focus();
});

byText.addEventListener("submit", (event) => {
  event.preventDefault();
  const receipt = byText.elements.receipt.value.trim();
  if (receipt) verify({ receipt });
});

window.scanner(
  check,
  check.dataset.decode,
  // A receipt is a signed text; the shop's own sign may hang behind it.
  (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text),
  (text) => { verify({ receipt: text }); },
  (why) => tell("unsure", terms[why], ""),
);
