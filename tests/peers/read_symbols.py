"""Reads the QR codes in pictures with zxing-cpp.

    python read_symbols.py PICTURE...

Prints one JSON object a picture: {"file", "codes": [{"text", "level"}]}.
"""

import json
import sys

import zxingcpp
from PIL import Image


def read(path):
    with Image.open(path) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"), zxingcpp.BarcodeFormat.QRCode)
    return [{"text": code.text, "level": code.ec_level} for code in found]


if __name__ == "__main__":
    for path in sys.argv[1:]:
        print(json.dumps({"file": path, "codes": read(path)}, ensure_ascii=False))
