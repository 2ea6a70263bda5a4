"""Pages of the contacts app, one module a screen."""
