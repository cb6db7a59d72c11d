"""What the scripts in `dev/` are made of. Plain Python, nothing outside the standard library."""
