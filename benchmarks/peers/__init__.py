"""Other people's recommenders on exactly our cases.

A peer lives in an environment of its own (`environment`), gets a task as plain Parquet files of
integer positions (`exchange`), is trained there by `worker`, and answers with a ranked list for
every test case. It never sees a test target: the metrics are ours.
"""
