// Asks where the payment stands, and shows the page anew once that is another word than the page's
// own. Slower with time: the first answer comes within a second, and what has ended changes only if
// money comes after all.
const { poll, state } = document.querySelector("[data-poll]").dataset;
const longest = state === "waiting" ? 5000 : 30000;
let pause = 700;

async function ask() {
  try {
    const response = await fetch(poll, { headers: { accept: "application/json" } });
    if (response.ok && (await response.json()).state !== state) {
      location.reload();
      return;
    }
  } catch {
    // No network for a moment: ask again.
  }
  pause = Math.min(pause * 1.2, longest);
  setTimeout(ask, pause);
}

if (poll) setTimeout(ask, pause);
