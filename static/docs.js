// Copies the text of a figure. Without a clipboard (plain HTTP) it marks the text for the hand.
"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  const text = button.parentElement.querySelector("pre");
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = label; }, 2000);
    } catch {
      getSelection().selectAllChildren(text);
    }
  });
}
