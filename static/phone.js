// Plays a payer's wallet. Every step is the simulated wallet's own backend speaking to tongma; this
// page only draws what that wallet would draw.
const phone = document.querySelector("#phone");
const words = JSON.parse(phone.dataset.words);
const part = (id) => document.querySelector(`#${id}`);
const symbol = (currency) => (currency === "CNY" ? "¥" : `${currency} `);
let scanned = null;

const wallet = () => document.querySelector("input[name=wallet]:checked")?.value;

function say(text) { part("says").textContent = text; }

// One step fills the phone: to scan, to pay, to see how it went.
function step(now) {
  for (const id of ["choose", "scan"]) part(id).hidden = now !== "scan";
  for (const id of ["bill", "result"]) part(id).hidden = now !== id;
  scrollTo(0, 0);
}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const instead = (answer.alternatives || []).map((tag) => tag.name).join("、");
  throw new Error((answer.detail || answer.title || words.failed) + (instead ? ` ${words.instead}${instead}` : ""));
}

function fill(id, currency, amount) {
  part(id).querySelector(".currency").textContent = symbol(currency);
  part(id).querySelector(".figure").textContent = amount;
}

async function scan(text) {
  if (!wallet()) { say(words.choose); return; }
  say(words.reading);
  step("scan");
  try {
    const bill = await post("/phone/scan", { wallet: wallet(), text, lang: phone.dataset.lang });
    scanned = { wallet: wallet(), text, currency: bill.currency, fixed: Boolean(bill.amount) };
    part("bill-wallet").className = `tag w-${bill.wallet.id}`;
    part("bill-wallet").textContent = bill.wallet.name;
    part("bill-payee").textContent = bill.payee;
    part("bill-where").textContent = bill.where;
    part("bill-route").textContent = bill.route;
    part("bill-says").textContent = "";
    part("bill-ask").hidden = scanned.fixed;
    part("bill-fixed").hidden = !scanned.fixed;
    if (scanned.fixed) fill("bill-fixed", bill.currency, bill.amount);
    part("bill-ask").querySelector(".currency").textContent = symbol(bill.currency);
    say("");
    step("bill");
    if (!scanned.fixed) part("bill-amount").focus();
  } catch (error) {
    step("scan");
    say(words.refused + error.message);
  }
}

function lock(locked) {
  for (const button of part("bill").querySelectorAll("button")) button.disabled = locked;
}

async function answer(word) {
  lock(true);
  part("bill-says").textContent = words.paying;
  try {
    const amount = scanned.fixed ? null : part("bill-amount").value.trim();
    const started = await post("/phone/pay", {
      wallet: scanned.wallet, text: scanned.text, amount, answer: word, lang: phone.dataset.lang,
    });
    if (started.attempt) await follow(started.attempt);
    else result({ state: "ended", amount: null, currency: scanned.currency });
  } catch (error) {
    part("bill-says").textContent = error.message;
  }
  lock(false);
}

async function follow(attempt) {
  part("bill-says").textContent = words.waiting;
  for (;;) {
    const answer = await post("/phone/attempt", { wallet: scanned.wallet, attempt, lang: phone.dataset.lang });
    if (answer.state !== "waiting") { result(answer); return; }
    await new Promise((done) => setTimeout(done, 500));
  }
}

function result(answer) {
  const paid = answer.state === "paid";
  step("result");
  part("result-sign").className = paid ? "sign good" : "sign";
  const sign = { paid: "✓", unfit: "!" };
  part("result-sign").textContent = sign[answer.state] || "×";
  part("result-title").textContent = words[answer.state] || words.ended;
  // What was asked for says nothing where other money came.
  part("result-amount").hidden = answer.amount === null || answer.state === "unfit";
  part("result-unfit").hidden = !answer.unfit;
  if (answer.unfit) {
    fill("result-came", answer.unfit.currency, answer.unfit.amount);
    part("result-why").textContent = answer.unfit.why;
  }
  fill("result-amount", answer.currency, answer.amount ?? "");
  part("result-receipt").hidden = !answer.receipt;
  if (answer.receipt) {
    part("result-number").textContent = answer.receipt.number;
    part("result-qr").src = answer.receipt.picture;
    part("result-text").value = answer.receipt.text;
  }
}

const camera = window.scanner(
  part("scan"),
  phone.dataset.decode,
  () => true,
  (text) => { part("text").value = text; scan(text); },
  (why) => say(words[why]),
);

part("by-text").addEventListener("submit", (event) => {
  event.preventDefault();
  camera.stop();
  const text = part("text").value.trim();
  if (text) scan(text);
});
part("bill-form").addEventListener("submit", (event) => { event.preventDefault(); answer("pay"); });
document.querySelector("[data-decline]").addEventListener("click", () => answer("decline"));
document.querySelector("[data-again]").addEventListener("click", () => {
  part("text").value = "";
  step("scan");
});

// Opened from the page behind a code: the text stands behind the hash.
if (location.hash.length > 1) {
  part("text").value = decodeURIComponent(location.hash.slice(1));
  if (wallet()) scan(part("text").value);
}
