"""Files that a member writes to get at others, or to keep readers busy."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import h5py
import numpy as np

from plugins.data.test_turns import circle
from support.detector import HEADER, write_cbf

SECRET = b"only the server may read this"
NUMBERS = np.arange(7000, 7008, dtype="<i4").reshape(1, 2, 4)
"""What the HDF5 file outside holds."""
GZIP_BOMB = 64
"""Times 64 MiB."""
ROW = 4 << 20
"""Numbers of 32 bits in a row of the large file: 16 MiB."""
MEMBERS = 60_000
SIGNATURE = b"\x89HDF\r\n\x1a\n"
BINARY = b"\x0c\x1a\x04\xd5"
"""Stands before the pixels of a CBF."""

(ENVIRONMENT, TEXT, BEHIND, OVER, CIRCLE, FIFO, BOMB, ENDLESS, LETTER, LARGE, MANY) = range(1, 12)
"""Keys of the data collections."""


def write(folder: Path, outside: Path) -> list[str]:
    """All files; the names of those that data collections have, in the order of their keys."""
    (outside / "secret").write_bytes(SECRET)
    with h5py.File(outside / "secret.h5", "w") as file:
        file["data"] = NUMBERS
    (folder / "environ").symlink_to("/proc/self/environ")
    (folder / "link").symlink_to(outside / "secret")
    os.mkfifo(folder / "fifo")
    (folder / "snapshot.html").write_text("<script>alert(1)</script>")
    (folder / "environment_0001.cbf").write_bytes(edf("environ", 4096))
    (folder / "text_0001.cbf").write_bytes(edf("link", len(SECRET)))
    behind_gzip(folder / "behind_0001.cbf.gz", outside / "secret.h5")
    over_a_link(folder, outside / "secret.h5")
    (folder / "circle_0001.tif").write_bytes(circle())
    (folder / "fifo_0001.edf").write_bytes(edf("fifo", 4096))
    (folder / "bomb_0001.cbf.gz").write_bytes(gzip.compress(bytes(64 << 20), 1) * GZIP_BOMB)
    odd_cbf(folder)
    with h5py.File(folder / "large.h5", "w", libver="latest") as file:
        file["values"] = np.arange(4 * ROW, dtype="<u4").reshape(4, ROW)
        group = file.create_group("many")
        for number in range(MEMBERS):
            group.create_group(str(number))
    pictures = ["environment_%04d.cbf", "text_%04d.cbf", "behind_%04d.cbf.gz"]
    slow = ["circle_%04d.tif", "fifo_%04d.edf", "bomb_%04d.cbf.gz", "endless_%04d.cbf"]
    return [*pictures, "over.h5", *slow, "letter_%04d.cbf", "large.h5", "large.h5"]


def edf(named: str, size: int) -> bytes:
    """A header of EDF whose pixels lie in another file."""
    lines = {
        "EDF_DataBlockID": "0.Image.Psd",
        "EDF_BinarySize": size,
        "EDF_HeaderSize": 512,
        "ByteOrder": "LowByteFirst",
        "DataType": "UnsignedByte",
        "Dim_1": size,
        "Dim_2": 1,
        "EDF_BinaryFileName": named,
        "EDF_BinaryFileSize": size,
    }
    text = "{\n" + "".join(f"{name} = {value} ;\n" for name, value in lines.items())
    return text.ljust(510).encode() + b"}\n"


def behind_gzip(path: Path, outside: Path) -> None:
    """An HDF5 file that begins with a packed signature of one, and leads outside."""
    with h5py.File(path, "w", userblock_size=1024) as file:
        file["entry/data/data_000001"] = h5py.ExternalLink(str(outside), "/data")
    with path.open("r+b") as file:
        file.write(gzip.compress(SIGNATURE.ljust(1 << 16, b"\0")))


def over_a_link(folder: Path, outside: Path) -> None:
    """A virtual data set over an external link, of which an innocent file has the name, too."""
    (folder / "sub").mkdir()
    (folder / "sub" / "x.h5").symlink_to(outside)
    with h5py.File(folder / "x.h5", "w") as file:
        file["data"] = np.zeros_like(NUMBERS)
    layout = h5py.VirtualLayout(NUMBERS.shape, NUMBERS.dtype)
    layout[:] = h5py.VirtualSource(".", "/e/data", NUMBERS.shape)
    with h5py.File(folder / "over.h5", "w", libver="latest") as file:
        file["e"] = h5py.ExternalLink("sub/x.h5", "/")
        file.create_virtual_dataset("v", layout)


def odd_cbf(folder: Path) -> None:
    """One without the bytes that stand before the pixels, and one whose header is not all ASCII."""
    path = folder / "letter_0001.cbf"
    write_cbf(path, NUMBERS[0], HEADER.replace("0.9763 A", "0.9763 X"))
    content = path.read_bytes()
    (folder / "endless_0001.cbf").write_bytes(content.replace(BINARY, b"----"))
    path.write_bytes(content.replace(b"0.9763 X", b"0.9763 \xc5"))
