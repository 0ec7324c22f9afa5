// "Check my sign" at the counter: the code on the wall by camera, picture or text.
(function sign() {
  const root = document.querySelector("#sign");
  const verdict = document.querySelector("#sign-verdict");
  const signs = window.question(root, verdict, root.dataset.check);

  const camera = window.scanner(
    root,
    root.dataset.decode,
    // A receipt that somebody still holds up is no sign.
    (text) => !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text),
    (text) => { signs.ask({ text }); },
    (why) => signs.unsure(why === "noCode" ? "noSign" : why),
  );

  const form = document.querySelector("#sign-text");
  signs.byText(form, form.elements.text, (text) => {
    camera.stop();
    signs.ask({ text });
  });
})();
