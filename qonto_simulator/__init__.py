"""A stand-in for the bank: Qonto's API over real HTTP, for tests and demos.

Not affiliated with Qonto. See ``README.md`` for how to start and steer it.
"""

__version__ = "1.0.0"
