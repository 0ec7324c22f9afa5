// The plate in front of the camera: what is read goes into the form, and the form is sent.
const find = document.querySelector("#find");
const plate = document.querySelector("#plate");
const says = document.querySelector("#plate-says");
const words = JSON.parse(find.dataset.words);

window.scanner(
  find,
  find.dataset.decode,
  // A plate is a code of this server; another sign may hang beside it.
  (text) => /^https?:\/\/[^/]+\/Q\/[A-Z2-7]+$/i.test(text),
  (text) => {
    plate.value = text;
    find.requestSubmit();
  },
  (why) => {
    says.textContent = words[why];
  },
);
