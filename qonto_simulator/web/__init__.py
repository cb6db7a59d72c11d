"""Pages for people: the bank's desk, the developer portal, log-in and consent.

Plain look of its own: none of the bank's marks, and every page says that it is a stand-in.
"""
