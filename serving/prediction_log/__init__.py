"""The prediction log: a line for each scored row, which later meets the conversions. KAMADO_PREDICTION_LOG turns it on.

columns.py         what a line has
scored_request.py  the rows of one request, as the event loop hands them over
open_log.py        the log that the setting asks for
log.py             the log: a queue, a thread, its metrics
json_lines.py      lines of JSON on standard output
folder.py          Parquet files in a folder, a new one by size and by time
parquet/           the writer of such files
"""
