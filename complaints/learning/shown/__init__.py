"""What each learning page shows of what it asked: a sentence, a picture, its tables (docs/domain.md, 8)."""
