"""The pages of accounts: the list, one account with its tabs, and editing."""
