// Two chimes that nobody mixes up: paid rises, an exception falls and repeats. Browsers allow sound
// only after a tap.
window.chime = (function chime() {
  let context = null;

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
    turnOn() {
      context = new AudioContext();
      this.paid();
    },
    turnOff() {
      context.close();
      context = null;
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
