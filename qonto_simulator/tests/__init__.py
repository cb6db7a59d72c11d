"""Tests of the stand-in itself; they need neither Odoo nor a network."""
