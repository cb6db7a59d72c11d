"""Moving money: strong customer authentication, payees, transfers, and how long each takes.

Nothing is imported here: ``store.py`` needs the records, and they need nothing.
"""
