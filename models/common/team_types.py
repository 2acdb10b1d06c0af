"""Team types of papers, by the sectors of their authors."""

ACADEMIA_ONLY, MIXED, INDUSTRY_ONLY = "academia-only", "mixed", "industry-only"
TEAM_TYPES = (ACADEMIA_ONLY, MIXED, INDUSTRY_ONLY)
"""No author from industry, some, or all; in the order of every dim ``team``."""
