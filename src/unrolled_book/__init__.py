"""What makes the pages: the ledger, figures, quizzes, exercises' checks.

- `claims`, `claims_page`: the ledger of what the source texts claim;
- `figures`: every figure, by chapter;
- `explore`: the figures that a reader can touch;
- `quiz`: the questions at a chapter's end;
- `exercises`: what the exercises' checks share.
"""
