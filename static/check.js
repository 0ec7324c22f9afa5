// The check of receipts at the counter: number, camera, picture or text.
(function check() {
  const root = document.querySelector("#check");
  const verdict = document.querySelector("#verdict");
  const receipts = window.question(root, verdict, root.dataset.verify);

  document.querySelector("#by-number").addEventListener("submit", (event) => {
    event.preventDefault();
    const digits = document.querySelector("#digits");
    const number = digits.value.replace(/\s/g, "");
    if (/^[0-9]{6}$/.test(number)) receipts.ask({ number });
    else if (number) receipts.unsure("sixDigits");
    digits.select();
  });

  const form = document.querySelector("#by-text");
  receipts.byText(form, form.elements.receipt, (receipt) => { receipts.ask({ receipt }); });

  window.scanner(
    root,
    root.dataset.decode,
    // A receipt is a signed text; the shop's own sign may hang behind it.
    (text) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text),
    (receipt) => { receipts.ask({ receipt }); },
    receipts.unsure,
  );
})();
