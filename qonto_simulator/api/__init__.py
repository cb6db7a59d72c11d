"""API host ``/v2/…``: gate, parameters, error shapes, one module a subject (all in ``subjects.py``)."""
