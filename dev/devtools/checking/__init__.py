"""`./dev/demo --check`: the main job over HTTP, without a browser, compared with the truth at the bank."""
