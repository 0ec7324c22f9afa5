"""Pictures of codes as telephones take them, and what zxing-cpp reads in them.

    python photos.py make FOLDER [--seed N] [--each N]
    python photos.py read FOLDER

`make` draws N pictures of every class, from the seed alone, and writes `expected.json`: a list of
{"file", "class", "texts"}. `read` prints one JSON object a picture: {"file", "texts", "ms"}, read
with every flag that zxing-cpp has; the milliseconds are the thread's processor time from the file in
memory to its texts.
"""

import argparse
import io
import json
import math
import pathlib
import random
import time

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

CHINESE = "老王牛肉面馆一号店收银台"


def text(rng):
    """Something that hangs on a wall or is shown on a telephone."""
    run = "".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=rng.choice([35, 64, 136])))
    token = "".join(rng.choices("abcdefghijkmnopqrstuvwxyz0123456789", k=26))
    digits = "".join(rng.choices("0123456789", k=38))
    emv = "00020101021102154123456789012345204581253031565802CN5908" + CHINESE[: rng.randint(4, 8)]
    return rng.choice(
        [
            f"HTTPS://PAY.EXAMPLE.COM/Q/{run}",
            f"wxp://f2f0{token}",
            f"https://qr.alipay.com/fkx{token[:20]}",
            f"https://qr.95516.com/{digits}",
            f"{emv}6304ABCD",
        ]
    )


def symbol(rng, content, module, quiet=4, level=None):
    """The code in black on white, `module` pixels a module."""
    level = level or rng.choice(["L", "M", "Q", "H"])
    made = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level=level)
    plain = Image.fromarray(made.to_image(scale=1, add_quiet_zones=False))
    plain = plain.convert("L").resize((plain.width * module, plain.height * module), Image.NEAREST)
    return ImageOps.expand(plain, quiet * module, 255)


def texture(rng, size, dark=70, light=190):
    """A wall, a counter: patches of light under a fine grain."""
    width, height = size
    patches = Image.frombytes("L", (9, 7), rng.randbytes(63)).resize(size, Image.BICUBIC)
    small = (max(1, width // 3), max(1, height // 3))
    grain = Image.frombytes("L", small, rng.randbytes(small[0] * small[1])).resize(size)
    mixed = Image.blend(patches, grain, 0.15)
    return mixed.point(lambda value: dark + value * (light - dark) // 255)


def noise(rng, picture, strength):
    """Grain of the sensor, `strength` grey levels at most."""
    grain = Image.frombytes("L", picture.size, rng.randbytes(picture.width * picture.height))
    half = grain.point(lambda value: value * strength // 255)
    return ImageChops.subtract(ImageChops.add(picture, half), ImageChops.invert(grain).point(
        lambda value: value * strength // 255))


def put(rng, scene, code, corners=None):
    """Lays the code into the scene, at random or with its corners at the four points."""
    if corners is None:
        left = rng.randint(0, max(0, scene.width - code.width))
        top = rng.randint(0, max(0, scene.height - code.height))
        scene.paste(code, (left, top))
        return scene
    back = perspective(corners, [(0, 0), (code.width, 0), (code.width, code.height), (0, code.height)])
    laid = code.transform(scene.size, Image.PERSPECTIVE, back, Image.BICUBIC)
    mask = Image.new("L", code.size, 255).transform(scene.size, Image.PERSPECTIVE, back)
    scene.paste(laid, (0, 0), mask)
    return scene


def perspective(source, target):
    """The eight numbers that take each point of `source` to that of `target`."""
    rows = []
    for (x, y), (u, v) in zip(source, target):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):
        best = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for other in range(8):
            if other != at:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at])]
    return [row[8] for row in rows]


def quad(rng, size, side, turn, tilt):
    """The corners of a square of `side`, turned by radians and tilted by a share of its side."""
    cx = size[0] / 2 + rng.uniform(-0.1, 0.1) * size[0]
    cy = size[1] / 2 + rng.uniform(-0.1, 0.1) * size[1]
    half = side / 2
    points = []
    lean = rng.uniform(0, 2 * math.pi)
    for x, y in [(-half, -half), (half, -half), (half, half), (-half, half)]:
        depth = 1 + tilt * (x * math.cos(lean) + y * math.sin(lean)) / half
        x, y = x * depth, y * depth
        points.append((cx + x * math.cos(turn) - y * math.sin(turn),
                       cy + x * math.sin(turn) + y * math.cos(turn)))
    return points


SCENE = (900, 700)


def scene_with(rng, content, side=None, turn=None, tilt=0.0, code=None):
    turn = rng.uniform(-0.3, 0.3) if turn is None else turn
    side = side or rng.randint(300, 460)
    code = code or symbol(rng, content, 8)
    scene = texture(rng, SCENE)
    return put(rng, scene, code, quad(rng, SCENE, side, turn, tilt))


def plain(rng, content):
    return symbol(rng, content, rng.randint(2, 6))


def tiny(rng, content):
    return put(rng, texture(rng, (640, 480)), symbol(rng, content, 2))


def turned(rng, content):
    return scene_with(rng, content, turn=rng.uniform(0, 2 * math.pi))


def tilted(rng, content):
    return scene_with(rng, content, tilt=rng.uniform(0.2, 0.45))


def blurred(rng, content):
    picture = scene_with(rng, content, side=400)
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(1.5, 3.2)))


def shaken(rng, content):
    picture = scene_with(rng, content, side=420)
    length = rng.randint(5, 13)
    dx, dy = rng.choice([(1, 0), (0, 1), (1, 1)])
    mixed = picture
    for step in range(1, length):
        moved = ImageChops.offset(picture, dx * step, dy * step)
        mixed = Image.blend(mixed, moved, 1 / (step + 1))
    return mixed


def faint(rng, content):
    picture = scene_with(rng, content)
    base, span = rng.randint(60, 180), rng.randint(18, 40)
    return picture.point(lambda value: base + value * span // 255)


def night(rng, content):
    picture = scene_with(rng, content)
    dark = picture.point(lambda value: value * rng.randint(40, 70) // 255)
    return noise(rng, dark.filter(ImageFilter.GaussianBlur(0.8)), rng.randint(12, 28))


def glared(rng, content):
    picture = scene_with(rng, content)
    light = Image.new("L", picture.size, 0)
    x, y = rng.randint(250, 650), rng.randint(150, 550)
    radius = rng.randint(60, 150)
    ImageDraw.Draw(light).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return ImageChops.add(picture, light.filter(ImageFilter.GaussianBlur(radius / 2.5)))


def shadowed(rng, content):
    picture = scene_with(rng, content)
    shade = Image.new("L", picture.size, 255)
    x = rng.randint(300, 600)
    ImageDraw.Draw(shade).polygon([(x, 0), (900, 0), (900, 700), (x - 200, 700)], fill=70)
    return ImageChops.multiply(picture, shade.filter(ImageFilter.GaussianBlur(6)))


def inverted(rng, content):
    return scene_with(rng, content, code=ImageOps.invert(symbol(rng, content, 8)))


def mirrored(rng, content):
    return ImageOps.mirror(scene_with(rng, content))


def coloured(rng, content):
    dark, light = rng.choice([
        ((90, 60, 160), (255, 235, 150)), ((7, 120, 60), (230, 250, 230)),
        ((200, 30, 40), (255, 240, 240)), ((20, 90, 200), (180, 220, 255)),
        ((120, 90, 30), (250, 220, 120)),
    ])
    return ImageOps.colorize(scene_with(rng, content), dark, light)


def far(rng, content):
    """Small in a photograph of twelve megapixels."""
    size = (4000, 3000)
    code = symbol(rng, content, 10)
    return put(rng, texture(rng, size), code, quad(rng, size, rng.randint(350, 700), 0.2, 0.05))


def crushed(rng, content):
    return scene_with(rng, content, side=330)


def on_screen(rng, content):
    picture = scene_with(rng, content)
    mask = Image.new("L", picture.size, 255)
    draw = ImageDraw.Draw(mask)
    gap = rng.choice([3, 4, 5])
    for y in range(0, picture.height, gap):
        draw.line((0, y, picture.width, y), fill=rng.randint(110, 170))
    return ImageChops.multiply(picture, mask.rotate(rng.uniform(-4, 4), fillcolor=255))


def round_a_cup(rng, content):
    code = symbol(rng, content, 8)
    bent = Image.new("L", code.size, 255)
    radius = code.width * rng.uniform(0.55, 0.8)
    for x in range(code.width):
        angle = math.asin(max(-1.0, min(1.0, (x - code.width / 2) / radius)))
        from_x = int(code.width / 2 + angle * radius * 0.82)
        if 0 <= from_x < code.width:
            bent.paste(code.crop((from_x, 0, from_x + 1, code.height)), (x, 0))
    return scene_with(rng, content, code=bent)


def scratched(rng, content):
    picture = scene_with(rng, content, code=symbol(rng, content, 8, level="Q"))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(3, 7)):
        points = [(rng.randint(100, 800), rng.randint(100, 600)) for _ in range(2)]
        draw.line(points, fill=rng.choice([20, 240]), width=rng.randint(2, 6))
    return picture


def with_logo(rng, content):
    code = symbol(rng, content, 8, level="H")
    side = int(code.width * 0.2)
    at = (code.width - side) // 2
    ImageDraw.Draw(code).rounded_rectangle((at, at, at + side, at + side), 12, fill=120, outline=255, width=6)
    return scene_with(rng, content, code=code)


def bare(rng, content):
    """Without the white frame, on a dark counter."""
    return scene_with(rng, content, code=symbol(rng, content, 8, quiet=0))


def filling(rng, content):
    """So near that it fills the picture."""
    code = symbol(rng, content, 20)
    return noise(rng, code.resize((1600, 1600), Image.BICUBIC), 24)


def crumpled(rng, content):
    """Paper that was folded up or got wet: no side is straight."""
    code = symbol(rng, content, 8)
    waves = [(rng.uniform(0.3, 1.2), rng.uniform(0.3, 1.2), rng.uniform(0, 6.3)) for _ in range(4)]
    height = code.width * rng.uniform(0.008, 0.022)

    def moved(x, y):
        shift = [height * math.sin(6.3 * (a * x + b * y) / code.width + c) for a, b, c in waves]
        return x + shift[0] + shift[1] / 2, y + shift[2] + shift[3] / 2

    step = 8
    mesh = []
    for x in range(0, code.width, step):
        for y in range(0, code.height, step):
            corners = [(x, y), (x, y + step), (x + step, y + step), (x + step, y)]
            mesh.append(((x, y, x + step, y + step), sum((moved(*corner) for corner in corners), ())))
    paper = ImageOps.expand(code, 40, 255)
    bent = paper.transform(code.size, Image.MESH, [
        (box, tuple(at + 40 for at in quad)) for box, quad in mesh], Image.BICUBIC)
    return scene_with(rng, content, code=bent)


def under_glass(rng, content):
    """What a window throws onto the pane before the sticker, at night."""
    picture = scene_with(rng, content).point(lambda value: value * 110 // 255)
    panes = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(panes)
    for _ in range(rng.randint(2, 4)):
        x, y = rng.randint(150, 650), rng.randint(100, 500)
        wide, high, lean = rng.randint(60, 200), rng.randint(60, 260), rng.randint(-60, 60)
        corners = [(x, y), (x + wide, y), (x + wide + lean, y + high), (x + lean, y + high)]
        draw.polygon(corners, fill=rng.randint(50, 130))
    return noise(rng, ImageChops.add(picture, panes.filter(ImageFilter.GaussianBlur(2))), 8)


def held(rng, content):
    """A thumb over most of a corner."""
    code = symbol(rng, content, 8, level=rng.choice(["Q", "H"]))
    x, y = rng.choice([(0, 0), (code.width, 0), (0, code.height)])
    reach = 8 * rng.uniform(8, 10)
    ImageDraw.Draw(code).ellipse((x - reach, y - reach, x + reach, y + reach), fill=rng.randint(90, 170))
    return scene_with(rng, content, code=code)


def from_the_side(rng, content):
    return scene_with(rng, content, side=440, tilt=rng.uniform(0.45, 0.6))


CLASSES = {
    made.__name__: made
    for made in [
        plain, tiny, turned, tilted, blurred, shaken, faint, night, glared, shadowed, inverted,
        mirrored, coloured, far, crushed, on_screen, round_a_cup, scratched, with_logo, bare, filling,
        crumpled, under_glass, held, from_the_side,
    ]
}


def several(rng):
    """Three codes on one wall."""
    texts = sorted({text(rng) for _ in range(3)})
    scene = texture(rng, (1500, 700))
    for place, content in enumerate(texts):
        centre = quad(rng, (1000, 700), rng.randint(260, 360), rng.uniform(-0.4, 0.4), 0.1)
        corners = [(x - 250 + place * 500, y) for x, y in centre]
        put(rng, scene, symbol(rng, content, 8), corners)
    return scene, texts


def beside(rng):
    """A light code on dark beside a dark one on light."""
    texts = sorted({text(rng) for _ in range(2)})
    scene = texture(rng, (1000, 700))
    light = rng.randrange(len(texts))
    for place, content in enumerate(texts):
        code = symbol(rng, content, 8)
        centre = quad(rng, (1000, 700), rng.randint(260, 360), rng.uniform(-0.4, 0.4), 0.1)
        corners = [(x - 250 + place * 500, y) for x, y in centre]
        put(rng, scene, ImageOps.invert(code) if place == light else code, corners)
    return scene, texts


def nothing(rng):
    """A wall without a code, and things that resemble one."""
    scene = texture(rng, SCENE, 0, 255)
    draw = ImageDraw.Draw(scene)
    for _ in range(60):
        x, y, side = rng.randint(0, 850), rng.randint(0, 650), rng.randint(8, 60)
        draw.rectangle((x, y, x + side, y + side), fill=rng.choice([0, 255]), outline=128)
    return scene


def make(folder, seed, each):
    folder.mkdir(parents=True, exist_ok=True)
    expected = []
    for name in [*CLASSES, "several", "beside", "nothing"]:
        for number in range(each):
            rng = random.Random(f"{seed} {name} {number}")
            if name == "several":
                picture, texts = several(rng)
            elif name == "beside":
                picture, texts = beside(rng)
            elif name == "nothing":
                picture, texts = nothing(rng), []
            else:
                content = text(rng)
                picture, texts = CLASSES[name](rng, content), [content]
            file = f"{name}-{number:03}.jpg"
            quality = rng.randint(5, 12) if name == "crushed" else rng.randint(70, 92)
            picture.save(folder / file, quality=quality)
            expected.append({"file": file, "class": name, "texts": texts})
    lines = json.dumps(expected, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(lines, encoding="utf-8")


def read(folder):
    for picture in json.loads((folder / "expected.json").read_text(encoding="utf-8")):
        file = io.BytesIO((folder / picture["file"]).read_bytes())
        began = time.thread_time()
        with Image.open(file) as opened:
            grey = ImageOps.exif_transpose(opened).convert("L")
        found = zxingcpp.read_barcodes(
            grey, zxingcpp.BarcodeFormat.QRCode,
            try_rotate=True, try_downscale=True, try_invert=True)
        elapsed = (time.thread_time() - began) * 1000
        texts = sorted(code.text for code in found)
        print(json.dumps({"file": picture["file"], "texts": texts, "ms": elapsed}, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["make", "read"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=10)
    asked = parser.parse_args()
    if asked.what == "make":
        make(asked.folder, asked.seed, asked.each)
    else:
        read(asked.folder)


if __name__ == "__main__":
    main()
