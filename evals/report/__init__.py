"""What a run is shown as.

- ``model``: the report itself, a versioned schema; everything else is made from it.
- ``measures``: shares, means and intervals over the cases of a run.
- ``build``: from a run to its report.
- ``table``, ``junit``, ``markdown``: the terminal, JUnit XML, a summary for a pull request.
- ``page``, ``case_view``, ``differences``, ``plots``: one self-contained HTML file.
"""
