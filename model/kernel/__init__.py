"""The kernel that scores."""
