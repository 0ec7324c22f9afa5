// Today's takings, wallet by wallet. What the server wrote stands until today's events were heard to
// the end; from then on the sums are those of the events, each payment once.
window.takings = (function takings() {
  const till = document.querySelector(".till");
  const words = JSON.parse(till.dataset.words);
  const tags = new Map(JSON.parse(till.dataset.tags));
  const order = Array.from(tags.keys());
  const decimals = { [till.dataset.currency]: Number(till.dataset.decimals) };
  let paid = new Map();
  let lines = new Map();

  function count(payments) {
    return `${payments} ${payments === 1 ? words.one : words.count}`;
  }

  function sign(currency) {
    return currency === "CNY" ? "¥" : `${currency} `;
  }

  function decimal(minor, currency) {
    const places = decimals[currency];
    const digits = String(minor).padStart(places + 1, "0");
    const whole = digits.slice(0, digits.length - places);
    return places ? `${whole}.${digits.slice(-places)}` : whole;
  }

  function money(minor, currency) {
    const [whole, part] = decimal(minor, currency).split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return sign(currency) + (part ? `${grouped}.${part}` : grouped);
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function tag(id) {
    const made = element("span", `tag w-${id}`);
    made.appendChild(element("bdi", "", tags.get(id) || id));
    return made;
  }

  function place(line) {
    const at = order.indexOf(line.payer);
    return at < 0 ? order.length : at;
  }

  return {
    sign, decimal, tag, element,
    // A new day, or the first.
    clear() {
      paid = new Map();
      lines = new Map();
    },
    // How many decimals a currency has; whoever says a sum has to know it as well.
    learn(event) {
      decimals[event.currency] = (event.amount.split(".")[1] || "").length;
    },
    take(event) {
      if (event.kind !== "paid" || paid.has(event.key)) return;
      paid.set(event.key, event.amount_minor);
      const key = `${event.payer} ${event.currency}`;
      const line = lines.get(key) || { payer: event.payer, currency: event.currency, payments: 0, minor: 0 };
      line.payments += 1;
      line.minor += event.amount_minor;
      lines.set(key, line);
    },
    show() {
      const all = Array.from(lines.values());
      all.sort((a, b) => place(a) - place(b) || (a.currency < b.currency ? -1 : 1));
      const list = document.querySelector("#totals");
      list.textContent = "";
      const sums = {};
      for (const line of all) {
        sums[line.currency] = (sums[line.currency] || 0) + line.minor;
        const made = element("li");
        made.appendChild(line.payer ? tag(line.payer) : element("span", "tag", "?"));
        made.appendChild(element("span", "count", count(line.payments)));
        made.appendChild(element("span", "sum-of", money(line.minor, line.currency)));
        list.appendChild(made);
      }
      if (all.length === 0) sums[till.dataset.currency] = 0;
      const parts = Object.keys(sums).sort().map((currency) => money(sums[currency], currency));
      document.querySelector("#sum").textContent = `${count(paid.size)} · ${parts.join(" + ")}`;
    },
  };
})();
