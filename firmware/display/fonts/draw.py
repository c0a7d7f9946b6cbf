"""Draws the display's glyphs from the outlines of Noto Sans CJK SC into a BDF file with two bits for each pixel.

Usage: draw.py NotoSansCJK-Regular.ttc, with freetype-py installed.
The characters are Latin-1, some punctuation, and whatever stands in the texts of ../locales.
"""

import pathlib
import sys

import freetype

HERE = pathlib.Path(__file__).parent
FACE = "Noto Sans CJK SC"
PUNCTUATION = "–—‘’‚“”„…•€−≥"


def characters():
    latin = [*range(0x20, 0x7F), *range(0xA0, 0x100)]
    texts = "".join(path.read_text("utf-8") for path in sorted((HERE / "../locales").glob("*.ftl")))
    return sorted({*map(chr, latin), *PUNCTUATION, *(c for c in texts if c >= " ")})


def open_face(path):
    index = 0
    while True:
        face = freetype.Face(path, index=index)
        if face.family_name.decode() == FACE:
            return face
        index += 1
        if index >= face.num_faces:
            sys.exit(f"{path} holds no {FACE}")


def glyph(face, character):
    flags = freetype.FT_LOAD_RENDER | freetype.FT_LOAD_TARGET_LIGHT
    face.load_char(character, flags)
    slot = face.glyph
    bitmap = slot.bitmap
    grey = [[(bitmap.buffer[y * bitmap.pitch + x] * 3 + 127) // 255 for x in range(bitmap.width)] for y in range(bitmap.rows)]
    left, top = slot.bitmap_left, slot.bitmap_top
    while grey and not any(grey[0]):
        grey, top = grey[1:], top - 1
    while grey and not any(grey[-1]):
        grey = grey[:-1]
    while grey and not any(row[0] for row in grey):
        grey, left = [row[1:] for row in grey], left + 1
    while grey and not any(row[-1] for row in grey):
        grey = [row[:-1] for row in grey]
    width, height = (len(grey[0]), len(grey)) if grey else (0, 0)
    lines = [
        f"STARTCHAR U+{ord(character):04X}",
        f"ENCODING {ord(character)}",
        f"DWIDTH {(slot.advance.x + 32) >> 6} 0",
        f"BBX {width} {height} {left if width else 0} {top - height if height else 0}",
        "BITMAP",
    ]
    for row in grey:
        row = row + [0] * (-len(row) % 4)
        lines.append("".join(f"{row[x] << 6 | row[x + 1] << 4 | row[x + 2] << 2 | row[x + 3]:02X}" for x in range(0, len(row), 4)))
    return [*lines, "ENDCHAR"]


def draw(path, style, pixels):
    face = open_face(path)
    face.set_pixel_sizes(0, pixels)
    drawable = [c for c in characters() if face.get_char_index(c)]
    ascent = max(glyph_top(face, c) for c in "ÄÅÉgy国")
    lines = [
        "STARTFONT 2.1",
        f"COMMENT Drawn from {FACE} {style}, Copyright 2014-2021 Adobe; SIL Open Font License 1.1, see OFL.txt",
        f"FONT -Milepost-Display-{style}-R-Normal--{pixels}-{pixels * 10}-75-75-P-0-ISO10646-1",
        f"SIZE {pixels} 75 75 2",
        f"FONTBOUNDINGBOX {pixels} {pixels + 8} 0 -8",
        "STARTPROPERTIES 1",
        f"FONT_ASCENT {ascent}",
        "ENDPROPERTIES",
        f"CHARS {len(drawable)}",
    ]
    for character in drawable:
        lines += glyph(face, character)
    name = HERE / f"{style.lower()}-{pixels}.bdf"
    name.write_text("\n".join([*lines, "ENDFONT"]) + "\n", "utf-8")
    print(name.name, len(drawable), "glyphs, ascent", ascent)


def glyph_top(face, character):
    face.load_char(character, freetype.FT_LOAD_RENDER | freetype.FT_LOAD_TARGET_LIGHT)
    return face.glyph.bitmap_top


if __name__ == "__main__":
    draw(sys.argv[1], "Regular", 18)
