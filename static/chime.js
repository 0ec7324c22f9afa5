// Two chimes that nobody mixes up: paid rises, an exception falls and repeats. Whether they sound is
// remembered, but browsers allow sound only after a tap.
window.chime = (function chime() {
  const Context = window.AudioContext || window.webkitAudioContext;
  let context = null;

  function remember(choice) {
    try { localStorage.setItem("tongma-sound", choice); } catch (ignored) { /* Not remembered. */ }
  }

  function note(at, frequency, seconds, shape) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.type = shape;
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.35, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + seconds);
  }

  return {
    get on() { return Boolean(context); },
    get wasOn() {
      try { return localStorage.getItem("tongma-sound") === "on"; } catch (ignored) { return false; }
    },
    turnOn() {
      if (!Context) return;
      context = new Context();
      remember("on");
    },
    turnOff() {
      context.close();
      context = null;
      remember("off");
    },
    tapped() {
      if (context && context.state === "suspended") context.resume();
    },
    paid() {
      if (!context) return;
      const now = context.currentTime;
      note(now, 659, 0.25, "sine");
      note(now + 0.16, 880, 0.5, "sine");
    },
    exception() {
      if (!context) return;
      const now = context.currentTime;
      for (const round of [0, 0.5]) {
        note(now + round, 392, 0.22, "square");
        note(now + round + 0.22, 262, 0.24, "square");
      }
    },
  };
})();

// What may not sound yet, and the button.
window.sounds = (function sounds() {
  const words = JSON.parse(document.querySelector(".till").dataset.words);
  const button = document.querySelector("#sound");
  const tap = document.querySelector("#tap");

  function show() {
    button.setAttribute("aria-pressed", String(window.chime.on));
    button.textContent = window.chime.on ? words.soundOn : words.soundOff;
  }

  function tapped() {
    tap.hidden = true;
    window.chime.tapped();
    window.voice.tapped();
  }

  function ask() {
    const had = navigator.userActivation && navigator.userActivation.hasBeenActive;
    tap.hidden = Boolean(had);
  }

  for (const name of ["click", "touchend", "keydown"]) document.addEventListener(name, tapped, true);
  button.addEventListener("click", () => {
    if (window.chime.on) {
      window.chime.turnOff();
    } else {
      window.chime.turnOn();
      window.chime.paid();
    }
    show();
  });
  if (window.chime.wasOn) {
    window.chime.turnOn();
    ask();
  }
  show();
  return { ask };
})();
