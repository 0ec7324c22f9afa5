// Hands the payment to the wallet around this page. What the wallet says here is for display only:
// the result is asked from the server.
const page = document.querySelector("[data-handover]");
const status = page.dataset.status;

async function answer(word) {
  const says = document.querySelector("#says");
  for (const button of document.querySelectorAll("[data-answer]")) button.disabled = true;
  try {
    const response = await fetch(page.dataset.bridge, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        attempt: page.dataset.attempt,
        handover: JSON.parse(page.dataset.handover),
        answer: word,
      }),
    });
    if (!response.ok) throw new Error(response.status);
    location.assign(status);
  } catch {
    says.textContent = says.dataset.failed;
    for (const button of document.querySelectorAll("[data-answer]")) button.disabled = false;
  }
}

if (page.dataset.bridge) {
  // The simulated wallet opens its sheet over the page, as a real one does.
  document.querySelector("#sheet").hidden = false;
  for (const button of document.querySelectorAll("[data-answer]")) {
    button.addEventListener("click", () => answer(button.dataset.answer));
  }
} else {
  const handover = JSON.parse(page.dataset.handover);
  if (handover.kind === "redirect") location.assign(handover.url);
}
