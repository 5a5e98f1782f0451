"""Mail: a message with its header, its text, and what is attached; mailboxes; pages saved as MHTML. The door to python-oxmsg."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path, PurePosixPath
from typing import Any

from index.errors import LoadError
from index.load.desk import Desk
from index.load.markup import html_reading
from index.load.reading import Reading, Writer
from index.load.rtf import rtf_reading
from index.load.text import decode

SHOWN = ("From", "To", "Cc", "Date", "Subject")
SEPARATOR = re.compile(rb"(?:\A|(?<=\n\n))From \S+[^\n]* \d{1,2}:\d\d[^\n]*\n")
"""What begins a message in a mailbox (RFC 4155): after a blank line, a sender and a time. Other lines with "From" are text."""
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
QUOTED_FROM = re.compile(rb"^>(>*From )", re.M)


def read_eml(path: Path, desk: Desk) -> Reading:
    """A message, and its attachments as parts of their own."""
    message = _parsed(path.read_bytes())
    if not message.keys():
        raise LoadError("is not a mail: it has no header")
    writer = Writer()
    _put_message(message, writer)
    return writer.reading(_header(message, "Subject"), list(_attached(_attachments(message), desk, writer)))


def read_mbox(path: Path) -> Reading:
    """A mailbox: its messages one after the other, each under its subject. Attachments are told of, and not read."""
    data = path.read_bytes().replace(b"\r\n", b"\n")
    starts = list(SEPARATOR.finditer(data))
    if not starts or starts[0].start():
        raise LoadError("is not a mailbox: it does not begin with a line that begins a message")
    writer = Writer()
    attached = 0
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        raw = QUOTED_FROM.sub(rb"\1", data[start.end() : following.start() if following else len(data)])
        message = _parsed(raw)
        writer.heading(_header(message, "Subject") or "(no subject)", 1)
        _put_message(message, writer)
        attached += sum(1 for _ in _attachments(message))
    if attached:
        writer.notes.append(f"{attached} attachments were left out")
    return writer.reading()


def read_mhtml(path: Path) -> Reading:
    """A page saved with all that it shows: its first HTML part."""
    message = _parsed(path.read_bytes())
    for part in message.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            page = html_reading(_decoded(part))
            return Reading(page.text, page.title or _header(message, "Subject"), headings=page.headings, notes=page.notes)
    raise LoadError("holds no page: none of its parts is HTML")


def _parsed(data: bytes) -> Message:
    return message_from_bytes(data.removeprefix(BOM_UTF8), policy=policy.default)


def _header(message: Message, name: str) -> str:
    """A header on one line; one that is malformed as it stands."""
    raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if any("\udc80" <= letter <= "\udcff" for letter in str(raw)):  # Bytes, which a header must not hold and some do.
        return " ".join(decode(str(raw).encode("utf-8", "surrogateescape"))[0].split())
    try:
        value = message[name]
    except (ValueError, IndexError, AttributeError, TypeError, RecursionError):  # What some malformed addresses and dates make of the standard parser.
        value = raw
    return " ".join(str(value or "").split())


def _put_message(message: Message, writer: Writer) -> None:
    writer.put("\n".join(f"{name}: {value}" for name in SHOWN if (value := _header(message, name))))
    for part in _bodies(message):
        try:
            if part.get_content_type() == "text/html":
                writer.take(html_reading(_decoded(part)))
            else:
                writer.put(_decoded(part).replace("\r\n", "\n"))
        except LoadError as error:
            writer.notes.append(f"a part of the message {_header(message, 'Subject')!r} was left out: it {error}")


def _bodies(message: Message) -> Iterator[Message]:
    """The parts that a mail program shows: of alternatives the plain one, if it says something, else the richest that does; none that is attached."""
    kind = message.get_content_type()
    if kind == "message/rfc822":
        return
    if message.is_multipart():
        parts = _parts_of(message)
        if kind == "multipart/alternative":
            parts = [part for part in parts if any(_payload(body).strip() for body in _bodies(part))]
            parts = [part for part in parts if part.get_content_type() == "text/plain"][:1] or parts[-1:]
        for part in parts:
            yield from _bodies(part)
    elif message.get_content_maintype() in ("text", "multipart") and kind != "text/calendar" and not _is_attached(message):
        yield message  # One that is called multipart and is not has lost its boundary, not its text.


def _parts_of(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _attachments(part: Message) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each attachment; a mail that is attached is an attachment by its subject."""
    if part.get_content_type() == "message/rfc822":
        yield from ((f"{_header(inner, 'Subject') or 'message'}.eml", inner.as_bytes()) for inner in _parts_of(part))
    elif part.is_multipart():
        for inner in _parts_of(part):
            yield from _attachments(inner)
    elif _is_attached(part):
        yield part.get_filename() or "unnamed", _payload(part)


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    raw = part.get_payload()
    if isinstance(raw, str) and str(part.get("Content-Transfer-Encoding", "")).strip().lower() == "base64" and not BASE64.fullmatch(raw):
        return raw.encode("utf-8", "surrogateescape")  # It is called base64, and is not: it stands there as it is.
    return payload if isinstance(payload, bytes) else b""


def _decoded(part: Message) -> str:
    """The text of a part, by the character set that it declares where that is right."""
    data = _payload(part)
    return decode(data, part.get_content_charset())[0] if data.strip() else ""


def _attached(files: Iterator[tuple[str, bytes]], desk: Desk, writer: Writer) -> Iterator[tuple[str, Path]]:
    """Write what is read under a name of our own; two of one name are told apart by a number."""
    names: dict[str, int] = {}
    for number, (name, data) in enumerate(files):
        inside = PurePosixPath("".join("_" if mark in "/\\\0" or not mark.isprintable() else mark for mark in name)[-120:])
        if not data:
            continue
        if not desk.is_read(inside.name):
            writer.notes.append(f"the attachment {inside} is of a format that is not read")
            continue
        seen = names[str(inside)] = names.get(str(inside), 0) + 1
        place = desk.scratch / f"{number}{inside.suffix}"
        place.write_bytes(data)
        yield (f"{inside.stem} ({seen}){inside.suffix}" if seen > 1 else str(inside)), place


# --- Outlook -----------------------------------------------------------------------------------------


def read_msg(path: Path, desk: Desk) -> Reading:
    """An Outlook message, and its attachments."""
    from oxmsg import Message as Outlook
    from oxmsg.domain import constants

    try:
        message = Outlook.load(str(path))
        writer = Writer()
        head = {name.lower(): value for name, value in message.message_headers.items()}
        told = {
            "From": message.sender or message.properties.str_prop_value(constants.PID_SENDER_NAME) or "",
            "To": head.get("to") or "; ".join(map(_recipient, message.recipients)),
        }
        told |= {"Cc": head.get("cc", ""), "Date": str(message.sent_date or head.get("date", "")), "Subject": message.subject or ""}
        writer.put("\n".join(f"{name}: {' '.join(value.split())}" for name, value in told.items() if value))
        if (message.body or "").strip():
            writer.put(str(message.body).replace("\r\n", "\n"))
        elif html := _html(message, constants):
            writer.take(html_reading(html))
        elif rtf := _compressed_rtf(message, constants):
            writer.put(rtf)
        files = ((attachment.file_name or "unnamed", attachment.file_bytes or b"") for attachment in message.attachments)
        return writer.reading(message.subject or "", list(_attached(files, desk, writer)))
    except (OSError, KeyError, ValueError, IndexError, AttributeError, TypeError) as error:  # oxmsg has no error of its own for a damaged file.
        raise LoadError(f"is not an Outlook message that can be read ({error})") from error


def _recipient(recipient: Any) -> str:
    name, address = recipient.name or "", recipient.email_address or ""
    return f"{name} <{address}>" if name and address and name != address else name or address


def _html(message: Any, constants: Any) -> str:
    """The body as HTML, by the character set that the message names where that is right."""
    data = message.properties.binary_prop_value(constants.PID_HTML)
    return decode(data, message.properties.body_encoding)[0] if data else message.properties.str_prop_value(constants.PID_BODY_HTML) or ""


def _compressed_rtf(message: Any, constants: Any) -> str:
    """The body of a message that was kept as rich text only (MS-OXRTFCP)."""
    from compressed_rtf import decompress

    data = message.properties.binary_prop_value(constants.PID_RTF_COMPRESSED)
    return rtf_reading(decompress(data)).text if data else ""
