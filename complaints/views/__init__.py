"""Pages of complaints and questions (docs/domain.md, 6)."""
