"""A writer of Parquet files: flat columns, plain values, gzip. Every reader of Parquet reads them.

The libraries that write Parquet have between 33 and 165 MB, several times the rest of the server (decision 35).

column.py    a column and its values as bytes
thrift.py    the compact protocol, in which Parquet's metadata is written
metadata.py  that metadata
writer.py    the file
"""
