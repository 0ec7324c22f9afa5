// Finds codes: in frames of the camera, in a picture, always read by the server.
//
//   scanner(root, decode, found, failed)
//
// `root` holds a [data-camera] button, a [data-video] element and a [data-picture] input.
// `found(text)` answers whether the text was what was looked for; then the camera goes off.
window.scanner = function scanner(root, decode, found, failed) {
  const button = root.querySelector("[data-camera]");
  const video = root.querySelector("[data-video]");
  const picture = root.querySelector("[data-picture]");
  let stream = null;

  async function read(blob) {
    const response = await fetch(decode, { method: "POST", headers: { "content-type": blob.type }, body: blob });
    if (!response.ok) return [];
    const answer = await response.json();
    return (answer.codes || []).map((code) => code.text).filter(Boolean);
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
        if (stream && texts.some((text) => found(text))) {
          stop();
          return;
        }
      } catch {
        // A lost frame is followed by another.
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
      const texts = await read(await shrink(file));
      if (!texts.some((text) => found(text))) failed("noCode");
    } catch {
      failed("noCode");
    }
  });

  return { stop };
};
