"""Files of rows: opened whatever their format, written whole or not at all. Knows no rewards.

* `rows`: what a file of rows is to the others
* `readers`: opening one, whatever its format; `text_reader`, `delimited_reader`,
  `json_array_reader`, `eval_log_reader`, `parquet_reader`, `dataset_folder` and `shard_folder` read
  one each, `zstd_stream` and `arrow_reader` serve them
* `columns_read`: which columns were read for what, for summaries
* `joined_rows`: rows with what another file says of the same id
* `other_tools`: what other tools write, and how it is read; `shaped_reader` reads it so,
  `training_logs` finds the verdicts in a trainer's tables
* `json_text`: JSON as it is read and written here
* `input_files`: input files, checked not to be outputs, and fingerprinted so that a resumed run
  notices a change
* `output_file`: how an output is packed and put in its place; `whole_output` writes one at a time,
  `parquet_output` and `column_types` serve parquet; `locking` keeps others out, and
  `regular_file` links and pipes
"""
