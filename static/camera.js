// Finds codes: in frames of the camera, in a picture, always read by the server.
//
//   scanner(root, decode, likely, found, failed)
//
// `failed(why)` gets a word: what is wrong with the picture, or why the server did not read it.
//
// `root` holds a [data-camera] button, a [data-video] element and a [data-picture] input.
// `likely(text)` says what is looked for; anything is taken where nothing likely is there.
// `found(text)` gets the one code; then the camera goes off. Of two, none is taken: which of them
// was meant is not for a page to guess.
window.scanner = function scanner(root, decode, likely, found, failed) {
  const button = root.querySelector("[data-camera]");
  const video = root.querySelector("[data-video]");
  const picture = root.querySelector("[data-picture]");
  let stream = null;

  function refusal(status) {
    if (status === 413) return "tooLarge";
    if (status === 415 || status === 422) return "unreadable";
    if (status === 429) return "tooOften";
    return status === 503 ? "busy" : "failed";
  }

  async function read(blob) {
    const response = await fetch(decode, { method: "POST", headers: { "content-type": blob.type }, body: blob });
    if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { why: refusal(response.status) });
    const answer = await response.json();
    const codes = answer.codes || [];
    const texts = [...new Set(codes.map((code) => code.text).filter(Boolean))];
    // What a payer shows comes without its text.
    if (codes.length && !texts.length) throw Object.assign(new Error("a payer's code"), { why: "payersCode" });
    const wanted = texts.filter(likely);
    return wanted.length ? wanted : texts;
  }

  // Whether that was it.
  function take(texts, none) {
    if (texts.length === 1) {
      found(texts[0]);
      return true;
    }
    if (texts.length) failed("manyCodes");
    else if (none) failed(none);
    return false;
  }

  function stop() {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = null;
    video.hidden = true;
  }

  // Phones send pictures of 12 megapixels; a code is found in far fewer.
  async function shrink(file) {
    if (!window.createImageBitmap || file.size < 1500000) return file;
    const image = await createImageBitmap(file);
    const scale = Math.min(1, 2400 / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  }

  function frame() {
    const canvas = document.createElement("canvas");
    const scale = Math.min(1, 960 / Math.max(video.videoWidth, video.videoHeight, 1));
    canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
    canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8));
  }

  async function watch() {
    while (stream) {
      try {
        const blob = await frame();
        const texts = blob ? await read(blob) : [];
        if (stream && take(texts)) {
          stop();
          return;
        }
      } catch (error) {
        // A lost frame is followed by another; a server that reads none says why.
        if (error.why) failed(error.why);
      }
      await new Promise((done) => setTimeout(done, 250));
    }
  }

  button.addEventListener("click", async () => {
    if (stream) {
      stop();
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      watch();
    } catch {
      stop();
      failed("noCamera");
    }
  });

  picture.addEventListener("change", async () => {
    const [file] = picture.files;
    picture.value = "";
    if (!file) return;
    try {
      take(await read(await shrink(file)), "noCode");
    } catch (error) {
      failed(error.why || "noCode");
    }
  });

  return { stop };
};
