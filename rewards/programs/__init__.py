"""A row's tests, in whatever form a data set keeps them, made ready for the sandbox.

* `row_tests`: the columns of a row
* `assert_parts`: assert sources taken apart
"""
