"""The picture that telephones of the simulator send: a small PNG, made here."""

import struct
import zlib

SIDE = 64  # pixels
KIND = "image/png"


def picture() -> bytes:
    """A square whose colour goes from one corner to the other (https://www.w3.org/TR/png-3/)."""
    rows = (bytes([0, *(value for x in range(SIDE) for value in (4 * x, 4 * y, 128))]) for y in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)  # eight bits each of red, green and blue
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
