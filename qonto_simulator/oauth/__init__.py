"""OAuth host: pages in the browser, tokens, revocation (``qonto-api.md`` section 4)."""
