// Asks where the payment stands until it has ended, then shows the new page. Slower with time: the
// first answer comes within a second, and a phone in a pocket must not ask for ever.
const poll = document.querySelector("[data-poll]").dataset.poll;
let pause = 700;

async function ask() {
  try {
    const response = await fetch(poll, { headers: { accept: "application/json" } });
    if (response.ok && (await response.json()).state !== "waiting") {
      location.reload();
      return;
    }
  } catch {
    // No network for a moment: ask again.
  }
  pause = Math.min(pause * 1.2, 5000);
  setTimeout(ask, pause);
}

if (poll) setTimeout(ask, pause);
