"""Writes src/Trainer/Tokenization/Data: the character tables .NET lacks when it runs without ICU.

usage: python3 eng/unicode-data.py   (from the repository root; Python's unicodedata fixes the Unicode version)
"""
import html.entities
import sys
import unicodedata

folder = "src/Trainer/Tokenization/Data/"


def hexes(text):
    return " ".join(f"{ord(c):X}" for c in text)


with open(folder + "unicode.txt", "w", encoding="ascii", newline="\n") as out:
    out.write(f"# Unicode {unicodedata.unidata_version}: class:code, code=composed from two, code>only decomposed, code~width folded\n")
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if 0xAC00 <= code <= 0xD7A3 or 0xD800 <= code <= 0xDFFF:
            continue
        if unicodedata.combining(char):
            out.write(f"{unicodedata.combining(char)}:{code:X}\n")
        decomposition = unicodedata.decomposition(char)
        if decomposition and not decomposition.startswith("<"):
            parts = "".join(chr(int(part, 16)) for part in decomposition.split())
            composes = unicodedata.normalize("NFC", char) == char
            out.write(f"{code:X}{'=' if composes else '>'}{hexes(parts)}\n")
        if (0xFF01 <= code < 0xFFF0 or code == 0x3000) and unicodedata.normalize("NFKC", char) != char:
            out.write(f"{code:X}~{hexes(unicodedata.normalize('NFKC', char))}\n")

with open(folder + "html-entities.txt", "w", encoding="ascii", newline="\n") as out:
    out.write("# HTML5 named character references: name, code points\n")
    for name, text in sorted(html.entities.html5.items()):
        out.write(f"{name} {hexes(text)}\n")
