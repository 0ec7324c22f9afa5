// Says each payment aloud, in the language that the cashier chose; the choice is remembered. What a
// payer's wallet merely claims is never said. Where much came at once, the sum is said.
window.voice = (function voice() {
  const sentences = JSON.parse(document.querySelector(".till").dataset.speech);
  const words = JSON.parse(document.querySelector(".till").dataset.words);
  const select = document.querySelector("#voice");
  const synth = window.speechSynthesis;
  const canSpeak = Boolean(synth && window.SpeechSynthesisUtterance);
  // Some browsers forget to say that they have ended.
  const SENTENCE_MS = 15000;
  const EACH_MAX = 3;
  let language = "off";
  let waiting = [];
  let isSpeaking = false;
  let needsTap = false;

  function fill(template, values) {
    return template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  function amount(minor, currency) {
    const unit = sentences[language].units[currency] || `{n} ${currency}`;
    return fill(unit, { n: window.takings.decimal(minor, currency) });
  }

  function sentence() {
    const speech = sentences[language];
    const first = waiting[0];
    const said = amount(first.amount_minor, first.currency);
    if (first.kind === "exception") {
      waiting.shift();
      return fill(speech.exception, { amount: said, why: speech.codes[first.code] || first.code || "" });
    }
    let count = 0;
    let minor = 0;
    while (count < waiting.length && waiting[count].kind === "paid" && waiting[count].currency === first.currency) {
      minor += waiting[count].amount_minor;
      count += 1;
    }
    if (count > EACH_MAX) {
      waiting = waiting.slice(count);
      return fill(speech.many, { count, amount: amount(minor, first.currency) });
    }
    waiting.shift();
    return fill(speech.paid, { amount: said, who: speech.names[first.payer] || first.payer || speech.someone });
  }

  function speak(text, onRefused) {
    const said = new window.SpeechSynthesisUtterance(text);
    said.lang = sentences[language].voice;
    const theirs = synth.getVoices().filter((one) => one.lang.replace("_", "-").startsWith(said.lang.slice(0, 2)));
    // A voice of the device itself speaks without a network.
    const chosen = theirs.find((one) => one.localService) || theirs[0];
    if (chosen) said.voice = chosen;
    isSpeaking = true;
    let timer = 0;
    const done = () => {
      if (!timer) return;
      clearTimeout(timer);
      timer = 0;
      isSpeaking = false;
      next();
    };
    timer = setTimeout(() => { synth.cancel(); done(); }, SENTENCE_MS);
    said.onend = done;
    said.onerror = (event) => {
      if (event.error === "not-allowed") onRefused();
      done();
    };
    synth.resume();
    synth.speak(said);
  }

  function next() {
    if (language === "off" || isSpeaking || needsTap || waiting.length === 0) return;
    const before = waiting;
    const text = sentence();
    speak(text, () => {
      needsTap = true;
      waiting = before.concat(waiting.filter((event) => before.indexOf(event) < 0));
      window.sounds.ask();
    });
  }

  function choose(wanted) {
    language = canSpeak && sentences[wanted] ? wanted : "off";
    select.value = language;
    waiting = [];
    try { localStorage.setItem("tongma-voice", language); } catch (ignored) { /* Not remembered. */ }
  }

  if (canSpeak) {
    let remembered = null;
    try { remembered = localStorage.getItem("tongma-voice"); } catch (ignored) { /* Not remembered. */ }
    if (remembered && remembered !== "off") {
      choose(remembered);
      window.sounds.ask();
    }
    select.addEventListener("change", () => {
      choose(select.value);
      synth.cancel();
      if (language !== "off") speak(sentences[language].on, () => {});
    });
  } else {
    select.disabled = true;
    select.options[0].textContent = words.mute;
  }

  return {
    // A payment that was paid, or money that does not fit.
    say(event) {
      if (language === "off") return;
      waiting.push(event);
      next();
    },
    tapped() {
      needsTap = false;
      next();
    },
  };
})();
