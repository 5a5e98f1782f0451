"""Writes the files that the tests read: PDFs by hand, object by object; Word documents with python-docx."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def pdf(pages: Sequence[Sequence[str]], title: str = "") -> bytes:
    """A PDF with a page for each list of lines, 12-point Helvetica, 16 points apart. A line "# X" is set in 20 points."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, lines in enumerate(pages):
        page = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        content = b"".join(_line(place, line) for place, line in enumerate(lines))
        objects += [page.encode(), b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)]
    objects.append(f"<< /Title ({title}) >>".encode())
    return _assembled(objects)


def _line(place: int, text: str) -> bytes:
    size = 20 if text.startswith("# ") else 12
    escaped = text.removeprefix("# ").replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
    return b"BT /F1 %d Tf 60 %d Td (%s) Tj ET\n" % (size, 780 - 16 * place, escaped) if text else b""


def _assembled(objects: Sequence[bytes]) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(objects), table))
    return out.getvalue()


def encrypted_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([["A secret."]]))))
    writer.encrypt("open sesame", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def docx(path: Path, *blocks: str | list[list[str]], title: str = "") -> None:
    """A Word document: "# X" is a heading, a list of lists a table, the rest paragraphs."""
    import docx as library

    document = library.Document()
    document.core_properties.title = title
    for block in blocks:
        if isinstance(block, list):
            table = document.add_table(rows=0, cols=len(block[0]))
            for row in block:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif block.startswith("# "):
            document.add_heading(block[2:], 1)
        else:
            document.add_paragraph(block)
    document.save(str(path))


# --- Archives of XML ---------------------------------------------------------------------------------


def archive(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def tar(files: Mapping[str, str], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as made:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            made.addfile(member, io.BytesIO(content.encode()))
    return out.getvalue()


def odf(body: str, title: str = "", styles: str = "") -> bytes:
    """An OpenDocument file with this body."""
    names = "text table drawing office presentation style"
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in names.split())
    spaces += ' xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "META-INF/manifest.xml": "<manifest/>",
        "meta.xml": f"<office:document-meta {spaces}><office:meta><dc:title>{title}</dc:title></office:meta></office:document-meta>",
        "content.xml": (
            f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body>{body}</office:body></office:document-content>"
        ),
    }
    return archive(parts)


def epub(chapters: Mapping[str, str], title: str) -> bytes:
    """A book of some chapters, in XHTML, in the order of its spine, which is the reverse of its list of files."""
    items = "".join(f'<item id="{name}" href="text/{name}.xhtml" media-type="application/xhtml+xml"/>' for name in reversed(chapters))
    spine = "".join(f'<itemref idref="{name}"/>' for name in chapters)
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></metadata>'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    pages = {f"OEBPS/text/{name}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{page}</body></html>' for name, page in chapters.items()}
    return archive({"META-INF/container.xml": container, "OEBPS/book.opf": package, **pages})


# --- Outlook -----------------------------------------------------------------------------------------

SECTOR, MINI, SMALL = 512, 64, 4096
FREE, LAST, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


def outlook(subject: str, body: str, sender: str, attachments: Mapping[str, bytes]) -> bytes:
    """A message as Outlook saves it (MS-OXMSG): properties in the streams of a compound file."""
    attached = {
        f"__attach_version1.0_#{number:08X}": {
            "__properties_version1.0": bytes(8)
            + b"".join(struct.pack("<HHIII", *entry, 0) for entry in ((3, 0x3705, 6, 1), (0x102, 0x3701, 6, len(data)), (0x1F, 0x3707, 6, 2 * len(name) + 2))),
            "__substg1.0_37010102": data,
            "__substg1.0_3707001F": name.encode("utf-16-le"),
        }
        for number, (name, data) in enumerate(attachments.items())
    }
    texts = {"0037": subject, "1000": body, "0C1A": sender, "001A": "IPM.Note"}
    streams = {f"__substg1.0_{tag}001F": text.encode("utf-16-le") for tag, text in texts.items()}
    properties = bytes(32) + b"".join(struct.pack("<HHII4x", 0x1F, int(tag, 16), 6, 2 * len(text) + 2) for tag, text in texts.items())
    return compound({"__properties_version1.0": properties, **streams, **attached})


def compound(tree: Tree) -> bytes:
    """A compound file (MS-CFB, version 3) of streams and storages; every stream is kept where the small ones are."""
    entries: list[list[object]] = []
    mini = bytearray()
    mini_fat: list[int] = []

    def add(name: str, node: "bytes | Tree", kind: int) -> int:
        number = len(entries)
        entry: list[object] = [name, kind, FREE, FREE, LAST, 0]  # name, kind, sibling, child, first sector, size
        entries.append(entry)
        if isinstance(node, bytes):
            assert len(node) < SMALL
            entry[4:] = [len(mini_fat) if node else LAST, len(node)]
            count = -(-len(node) // MINI)
            mini_fat.extend([*range(len(mini_fat) + 1, len(mini_fat) + count), LAST] if count else [])
            mini.extend(node.ljust(count * MINI, b"\0"))
        else:
            before = None
            for inner in sorted(node, key=lambda key: (len(key), key.upper())):
                child = add(inner, node[inner], 2 if isinstance(node[inner], bytes) else 1)
                if before is None:
                    entry[3] = child
                else:
                    entries[before][2] = child
                before = child
        return number

    add("Root Entry", tree, 5)
    entries[0][4:] = [0, len(mini)]
    directory = b"".join(_entry(*entry) for entry in entries)  # type: ignore[arg-type]
    parts = [bytes(mini), directory, b"".join(struct.pack("<I", sector) for sector in mini_fat)]
    parts[2] += b"\xff" * (-len(parts[2]) % SECTOR)
    counts = [-(-len(part) // SECTOR) for part in parts]
    fat: list[int] = []
    for count in counts:
        fat += [*range(len(fat) + 1, len(fat) + count), LAST]
    tables = -(-(len(fat) + 1) // (SECTOR // 4 - 1))
    fat_at = len(fat)
    fat += [FAT] * tables
    table = b"".join(struct.pack("<I", sector) for sector in fat).ljust(tables * SECTOR, b"\xff")
    starts = [sum(counts[:place]) for place in range(3)]
    sectors = 0, tables, starts[1], 0, SMALL, starts[2], counts[2], LAST, 0, fat_at
    header = struct.pack("<8s16xHHHHH6x10I", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, *sectors)
    header += b"".join(struct.pack("<I", fat_at + place) for place in range(1, tables))
    return header.ljust(SECTOR, b"\xff") + b"".join(part.ljust(count * SECTOR, b"\0") for part, count in zip(parts, counts, strict=True)) + table


def _entry(name: str, kind: int, sibling: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    return encoded.ljust(64, b"\0") + struct.pack("<HBBIII16xI16xIII", len(encoded), kind, 1, FREE, sibling, child, 0, start, size, 0)
