"""What stands before every route: plain ASGI, one guard a file, each around the next."""
