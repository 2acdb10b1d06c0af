"""Team types of papers: who wrote them, by the sectors of their authors."""

ACADEMIA_ONLY, MIXED, INDUSTRY_ONLY = "academia-only", "mixed", "industry-only"
TEAM_TYPES = (ACADEMIA_ONLY, MIXED, INDUSTRY_ONLY)
"""In the order of every dim ``team``: none of the authors from industry, some, all."""
