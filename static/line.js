// The counter's line to the server. Whatever ends it (a server that restarts, a network that goes, a
// phone that sleeps), the page says so at once, and goes on behind the last place that it heard.
window.line = (function line() {
  // The server beats every four seconds; whoever misses three beats hears nothing.
  const SILENCE_MS = 12000;
  const WAIT_MS = [500, 1000, 2000, 4000];
  let told = null;
  let feed = null;
  let position = 0;
  let heardAt = 0;
  let tries = 0;
  let timer = 0;
  // Each try has a number, so that the answer to an earlier one changes nothing.
  let turn = 0;

  function end() {
    turn += 1;
    clearTimeout(timer);
    if (feed) feed.close();
    feed = null;
  }

  function lost() {
    end();
    told.state("lost");
    const wait = WAIT_MS[Math.min(tries, WAIT_MS.length - 1)];
    tries += 1;
    // A server that restarts is not asked by all tills at the same moment.
    timer = setTimeout(again, wait * (0.75 + Math.random() / 2));
  }

  // A stream does not say why it was refused, so whether this device may still read is asked first.
  function again() {
    end();
    const mine = turn;
    const mayGoOn = () => mine === turn;
    timer = setTimeout(() => { if (mayGoOn()) lost(); }, SILENCE_MS);
    fetch("/counter/session", { cache: "no-store" }).then((response) => {
      if (!mayGoOn()) return;
      if (response.status === 401) location.reload();
      else if (response.ok) open();
      else lost();
    }, () => { if (mayGoOn()) lost(); });
  }

  function open() {
    end();
    const mine = turn;
    heardAt = Date.now();
    feed = new EventSource(`/counter/feed?after=${position}`);
    const heard = (handle) => (message) => {
      if (mine !== turn) return;
      heardAt = Date.now();
      tries = 0;
      const place = Number(message.lastEventId);
      const isNew = place > position;
      if (isNew) position = place;
      told.state("here");
      handle(message.data, place, isNew);
    };
    feed.addEventListener("beat", heard((data, place) => told.beat(JSON.parse(data), place)));
    feed.addEventListener("counter", heard((data, place, isNew) => {
      if (isNew) told.event(JSON.parse(data), place);
    }));
    feed.onerror = () => { if (mine === turn) lost(); };
  }

  // A phone that slept has a line that is dead and does not know it; its clock may have been set.
  function look() {
    if (feed && Math.abs(Date.now() - heardAt) > SILENCE_MS) lost();
  }

  // Somebody is here again, or the network is: the next try need not wait.
  function wake() {
    look();
    if (!feed) again();
  }

  return {
    follow(after, listener) {
      position = after;
      told = listener;
      setInterval(look, 1000);
      document.addEventListener("visibilitychange", () => { if (!document.hidden) wake(); });
      for (const name of ["online", "pageshow", "focus"]) window.addEventListener(name, wake);
      document.addEventListener("resume", wake);
      window.addEventListener("offline", lost);
      open();
    },
  };
})();
