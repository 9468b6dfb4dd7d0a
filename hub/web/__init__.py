"""The JSON API and the pages; nothing is served from here yet."""
