"""The look in code: template tags, charts and toasts. The lowest floor; it imports nothing of the project."""
