"""The metadata of a file, of its row groups and of its pages.

The numbers are those of https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from collections.abc import Sequence
from dataclasses import dataclass

from serving.prediction_log.parquet.column import Column
from serving.prediction_log.parquet.thrift import I32, I64, Struct, encode

_PLAIN, _RLE = I32(0), I32(3)  # encodings
_GZIP = I32(2)  # a codec
_DATA_PAGE = I32(0)
_VERSION = I32(1)


@dataclass(frozen=True)
class Chunk:
    """The values of a column in a row group: one page. Sizes are in bytes and include its header."""

    column: Column
    values: int
    offset: int
    size: int
    uncompressed_size: int

    def metadata(self) -> Struct:
        described = Struct(
            {
                1: I32(self.column.type.physical),
                2: (_PLAIN, _RLE),
                3: (self.column.name,),
                4: _GZIP,
                5: I64(self.values),
                6: I64(self.uncompressed_size),
                7: I64(self.size),
                9: I64(self.offset),
            }
        )
        return Struct({2: I64(self.offset), 3: described})


@dataclass(frozen=True)
class RowGroup:
    """Its chunks, in the order of the columns."""

    rows: int
    chunks: Sequence[Chunk]

    def metadata(self) -> Struct:
        size = sum(chunk.uncompressed_size for chunk in self.chunks)
        return Struct({1: [chunk.metadata() for chunk in self.chunks], 2: I64(size), 3: I64(self.rows)})


def page_header(values: int, size: int, compressed_size: int) -> bytes:
    """Of a data page; `values` counts missing ones too."""
    data_page = Struct({1: I32(values), 2: _PLAIN, 3: _RLE, 4: _RLE})
    return encode(Struct({1: _DATA_PAGE, 2: I32(size), 3: I32(compressed_size), 5: data_page}))


def footer(columns: Sequence[Column], groups: Sequence[RowGroup]) -> bytes:
    """What stands at the end of the file, before its length."""
    root = Struct({4: "schema", 5: I32(len(columns))})
    schema = [root, *(column.element() for column in columns)]
    rows = I64(sum(group.rows for group in groups))
    described = [group.metadata() for group in groups]
    return encode(Struct({1: _VERSION, 2: schema, 3: rows, 4: described, 6: "kamado"}))
