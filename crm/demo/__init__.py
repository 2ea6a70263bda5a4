"""The example company: everything `manage.py demo` shows. No models; nothing below knows it."""
