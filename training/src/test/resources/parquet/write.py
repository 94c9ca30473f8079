"""Writes the files that ParquetTest reads, by pyarrow 25.0.1."""

import datetime
import decimal

import pyarrow as pa
import pyarrow.parquet as pq

days = [datetime.date(2026, 1, day) for day in range(1, 7)]
flowers = pa.table({
    "species": pa.array(["iris", "rose", "iris", "tulip", None, "rose"]),
    "width": pa.array([0.5, 1.25, None, -2.0, 3.5, 1e30], pa.float64()),
    "petals": pa.array([5, 12, 5, 6, None, 12], pa.int32()),
    "id": pa.array([1, 2, 3, 4, 5, 16777217], pa.int64()),
    "wild": pa.array([True, False, True, None, True, False]),
    "weight": pa.array([1.5, 2.5, 3.5, 4.5, 5.5, 6.5], pa.float32()),
    "half": pa.array([0.5, 1, 1.5, 2, 2.5, 3], pa.float16()),
    "price": pa.array([decimal.Decimal("1.25"), decimal.Decimal("-9.50")] * 3, pa.decimal128(10, 2)),
    "day": pa.array(days),
    "small": pa.array([1, -2, 3, 4, 5, -6], pa.int8()),
    "unsigned": pa.array([1, 2, 3, 4, 5, 2**32 - 2**8], pa.uint32()),
    "long": pa.array([1, 2, 3, 4, 5, 2**64 - 2**40], pa.uint64()),
    "raw": pa.array([b"\x00\x01"] * 6),
    "list": pa.array([[1, 2]] * 6, pa.list_(pa.int32())),
    "place": pa.array([{"x": 1.0}] * 6),
})
pq.write_table(flowers, "plain.parquet", compression="none", use_dictionary=False,
               row_group_size=4, write_page_index=True)
pq.write_table(flowers, "gzip.parquet", compression="gzip", row_group_size=4, data_page_version="2.0")
pq.write_table(flowers, "delta.parquet", compression="none", use_dictionary=False,
               column_encoding={"species": "DELTA_BYTE_ARRAY", "petals": "DELTA_BINARY_PACKED",
                                "width": "BYTE_STREAM_SPLIT"})
pq.write_table(flowers.select(["species", "width"]), "snappy.parquet", compression="snappy")
