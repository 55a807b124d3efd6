"""What a team sets for its cluster."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ClusterSettings:
    """A graph that is compiled with it runs in pods: refusals are passed on, and nothing may stay in a folder."""
