"""Plain PDF files: lines of text on A4 pages, in a font that every reader has."""

from __future__ import annotations

from collections.abc import Sequence

LINES_A_PAGE = 60
_SPECIAL = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """Return a document of one or more pages, each headed by the title.

    The same text gives the same bytes. Characters outside Windows-1252 become question marks.
    """
    pages = [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)] or [[]]
    numbers = [4 + 2 * place for place in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        drawn = _drawn(title, page)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >>"
            + f" /Contents {number + 1} 0 R >>".encode(),
            f"<< /Length {len(drawn)} >>\nstream\n".encode() + drawn + b"\nendstream",
        ]
    return _file(objects)


def _drawn(title: str, lines: Sequence[str]) -> bytes:
    text = [f"BT /F 13 Tf 50 800 Td 12 TL ({title.translate(_SPECIAL)}) Tj /F 9 Tf T* T*"]
    text += [f"({line.translate(_SPECIAL)}) Tj T*" for line in lines]
    return "\n".join([*text, "ET"]).encode("cp1252", "replace")


def _file(objects: Sequence[bytes]) -> bytes:
    body = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    body += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(body)
