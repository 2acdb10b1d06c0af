"""From stored draws to reported numbers, texts and chart data."""
