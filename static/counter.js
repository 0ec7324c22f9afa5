// The counter's list of today and its live picture, from the same events, so that the two cannot
// differ. The day is the shop's, by the server's clock: every event and every beat says it.
const till = document.querySelector(".till");
const words = JSON.parse(till.dataset.words);
const last = Number(till.dataset.last);
const now = document.querySelector("#now");
const rows = document.querySelector("#rows");
const banner = document.querySelector("#banner");
// Who scrolls further down looks into the merchant's own books.
const ROWS_MAX = 200;
let day = till.dataset.day;
let heardAt = till.dataset.time;
let byKey = new Map();
let isCaughtUp = false;
let latest = null;
const element = window.takings.element;
const spaced = (number) => `${number.slice(0, 3)} ${number.slice(3)}`;

// What is told of a sign, and of no money.
const isOfSign = (event) => event.kind === "silent" || event.kind === "again";

function says(event) {
  if (isOfSign(event)) return words[event.kind];
  if (event.kind === "exception") return `${words.exception}${words.colon}${words.codes[event.code] || event.code || ""}`;
  return event.number ? spaced(event.number) : words[event.kind];
}

function row(event) {
  const made = element("li");
  made.dataset.kind = event.kind;
  made.dataset.key = event.key;
  const time = element("time", "", event.time);
  time.dateTime = event.at;
  made.appendChild(time);
  if (isOfSign(event)) {
    made.appendChild(element("code", "", event.sign));
    made.appendChild(element("span", "sum-of", ""));
    made.appendChild(element("span", "what", event.last ? `${says(event)} · ${words.silentSince} ${event.last}` : says(event)));
    return made;
  }
  made.appendChild(event.payer ? window.takings.tag(event.payer) : element("span", "tag", "?"));
  made.appendChild(element("span", "sum-of", window.takings.sign(event.currency) + event.amount));
  made.appendChild(element("span", "what", says(event)));
  return made;
}

function show(event) {
  now.dataset.kind = event.kind;
  now.querySelector(".label").textContent =
    event.kind === "exception" ? says(event) : words[event.kind];
  const amount = now.querySelector(".amount");
  const figure = event.kind === "silent" ? event.sign : event.amount;
  amount.textContent = "";
  if (event.currency) amount.appendChild(element("span", "currency", window.takings.sign(event.currency)));
  amount.appendChild(element("span", "figure", figure));
  if (figure.length > 9) now.dataset.long = "";
  else delete now.dataset.long;
  const by = now.querySelector(".by");
  by.textContent = "";
  if (event.payer) by.appendChild(window.takings.tag(event.payer));
  now.querySelector(".number").textContent = event.number ? spaced(event.number) : "";
  now.classList.remove("fresh");
  void now.offsetWidth;
  now.classList.add("fresh");
}

// Amber turns to green or goes; a payment that nobody reported appears when it is paid. The newest
// stands first: what was paid comes to the top with its new time, and what ended says so where it
// stands, with the time and the wallet that it has.
function list(event) {
  const old = byKey.get(event.key);
  if (event.kind === "waiting" || (event.kind === "ended" && !old)) return;
  if (event.kind === "ended") {
    old.dataset.kind = "ended";
    old.querySelector(".what").textContent = says(event);
    return;
  }
  const made = row(event);
  if (old && old.parentNode) rows.removeChild(old);
  rows.insertBefore(made, rows.firstChild);
  byKey.set(event.key, made);
  if (rows.children.length > ROWS_MAX) {
    byKey.delete(rows.lastChild.dataset.key);
    rows.removeChild(rows.lastChild);
  }
}

function take(event, place) {
  const isNews = place > last;
  const isOfToday = event.day >= day;
  // Told before midnight, and told again. What is told for the first time is told: the line may have
  // been down at midnight, and only the sums are today's.
  if (!isOfToday && !isNews) return;
  turn(event.day);
  if (!isOfSign(event)) window.takings.learn(event);
  if (isOfToday && !isOfSign(event)) window.takings.take(event);
  list(event);
  // That a sign is used again stands in the list only: the payment itself was just shown.
  if (event.kind !== "ended" && event.kind !== "again" && (isNews || event.kind !== "waiting")) {
    if (isCaughtUp) show(event);
    else latest = event;
  }
  if (isCaughtUp) window.takings.show();
  if (isNews && event.kind === "paid") window.chime.paid();
  if (isNews && event.kind === "exception") window.chime.exception();
  if (isNews && (event.kind === "paid" || event.kind === "exception")) window.voice.say(event);
}

// Midnight where the shop stands.
function turn(to) {
  if (to <= day) return;
  day = to;
  byKey = new Map();
  rows.textContent = "";
  window.takings.clear();
  if (isCaughtUp) window.takings.show();
}

// What happened before the page was opened has been heard.
function catchUp(place) {
  if (isCaughtUp || place < last) return;
  isCaughtUp = true;
  window.takings.show();
  if (latest) show(latest);
}

function state(is) {
  const line = document.querySelector("#line");
  if (line.dataset.state === is) return;
  line.dataset.state = is;
  line.textContent = is === "here" ? words.online : words.offline;
  banner.hidden = is === "here";
  if (is === "here") return;
  banner.querySelector("strong").textContent = words.lost;
  banner.querySelector("span").textContent = words.since.replace("{time}", heardAt);
}

window.line.follow(Number(till.dataset.after), {
  state,
  beat(moment, place) {
    heardAt = moment.time;
    turn(moment.day);
    catchUp(place);
  },
  event(event, place) {
    take(event, place);
    catchUp(place);
  },
});
