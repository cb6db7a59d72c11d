"""A seeded corpus of bank lines with the truth about them, and what is needed to judge a matcher by it.

`noise_test` and `noise_development` hold what is said and how it is garbled, each for its own split: other companies,
other numberings, other words, other slips. The engine was written with the development noise in view; the test noise
was committed before the engine's work began and is not looked at to tune it.
"""
