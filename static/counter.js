// Follows the counter's feed from the beginning of the day: the same events make today's list and
// the live picture, so the two cannot differ.
const till = document.querySelector(".till");
const words = JSON.parse(till.dataset.words);
const tags = JSON.parse(till.dataset.tags);
const last = Number(till.dataset.last);
const now = document.querySelector("#now");
const rows = document.querySelector("#rows");
const byKey = new Map();
const clock = new Intl.DateTimeFormat(till.dataset.lang, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: till.dataset.zone,
});
const dayOf = new Intl.DateTimeFormat("en-CA", {
  year: "numeric", month: "2-digit", day: "2-digit", timeZone: till.dataset.zone,
});
let today = dayOf.format(new Date());
const symbol = (currency) => (currency === "CNY" ? "¥" : `${currency} `);
const spaced = (number) => `${number.slice(0, 3)} ${number.slice(3)}`;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function tag(id) {
  const made = element("span", `tag w-${id}`);
  made.append(element("bdi", "", tags[id] || id));
  return made;
}

function says(event) {
  if (event.kind === "exception") return `${words.exception}：${words.codes[event.code] || event.code || ""}`;
  return event.number ? spaced(event.number) : words[event.kind];
}

function row(event) {
  const made = element("li");
  made.dataset.kind = event.kind;
  made.dataset.minor = event.amount_minor;
  const time = element("time", "", clock.format(new Date(event.at)));
  time.dateTime = event.at;
  made.append(time, event.payer ? tag(event.payer) : element("span", "tag", "?"));
  made.append(element("span", "sum-of", symbol(event.currency) + event.amount));
  made.append(element("span", "what", says(event)));
  return made;
}

function show(event) {
  now.dataset.kind = event.kind;
  now.querySelector(".label").textContent =
    event.kind === "exception" ? says(event) : words[event.kind];
  const amount = now.querySelector(".amount");
  amount.replaceChildren(element("span", "currency", symbol(event.currency)), element("span", "figure", event.amount));
  now.toggleAttribute("data-long", event.amount.length > 9);
  now.querySelector(".by").replaceChildren(...(event.payer ? [tag(event.payer)] : []));
  now.querySelector(".number").textContent = event.number ? spaced(event.number) : "";
  now.classList.remove("fresh");
  void now.offsetWidth;
  now.classList.add("fresh");
}

function sum() {
  let count = 0;
  let minor = 0;
  let currency = till.dataset.currency;
  for (const made of rows.children) {
    if (made.dataset.kind !== "paid") continue;
    count += 1;
    minor += Number(made.dataset.minor);
  }
  const style = new Intl.NumberFormat(till.dataset.lang, { style: "currency", currency });
  const decimals = style.resolvedOptions().maximumFractionDigits;
  document.querySelector("#sum").textContent =
    `${count} ${words.count} · ${style.format(minor / 10 ** decimals)}`;
}

// Amber turns to green or goes; a payment that nobody reported appears when it is paid.
function take(event, sequence) {
  const news = sequence > last;
  const old = byKey.get(event.key);
  const visible = event.kind !== "waiting" && (event.kind !== "ended" || old);
  if (visible) {
    const made = row(event);
    if (old) old.replaceWith(made);
    else rows.prepend(made);
    byKey.set(event.key, made);
    sum();
  }
  if (event.kind === "ended" || (event.kind === "waiting" && !news)) return;
  if (news || event.kind !== "ended") show(event);
  if (!news) return;
  if (event.kind === "paid") window.chime.paid();
  if (event.kind === "exception") window.chime.exception();
}

function line(state) {
  const made = document.querySelector("#line");
  made.dataset.state = state;
  made.textContent = state === "here" ? words.online : words.offline;
}

let position = Number(till.dataset.after);
let heardAt = Date.now();
let feed = null;

function follow() {
  feed = new EventSource(`/counter/feed?after=${position}`);
  feed.onopen = () => { heardAt = Date.now(); line("here"); };
  feed.addEventListener("beat", () => { heardAt = Date.now(); });
  feed.addEventListener("counter", (message) => {
    heardAt = Date.now();
    const sequence = Number(message.lastEventId);
    if (sequence <= position) return;
    position = sequence;
    take(JSON.parse(message.data), sequence);
  });
  feed.onerror = () => {
    line("lost");
    // Closed for good means that this device was sent away: the page then asks for a new code.
    if (feed.readyState === EventSource.CLOSED) setTimeout(again, 2000);
  };
}

async function again() {
  try {
    const response = await fetch("/counter/session");
    if (response.status === 401) location.reload();
    else follow();
  } catch {
    setTimeout(again, 2000);
  }
}

setInterval(() => {
  // A sleeping phone wakes up with a connection that is dead and does not know it.
  if (Date.now() - heardAt > 30000) {
    feed.close();
    heardAt = Date.now();
    line("lost");
    follow();
  }
  if (dayOf.format(new Date()) !== today) location.reload();
}, 5000);

const sound = document.querySelector("#sound");
sound.addEventListener("click", () => {
  if (window.chime.on) window.chime.turnOff();
  else window.chime.turnOn();
  sound.setAttribute("aria-pressed", String(window.chime.on));
  sound.textContent = window.chime.on ? words.soundOn : words.soundOff;
});

sum();
follow();
