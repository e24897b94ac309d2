"""How long, and the end: policies, holds, decisions, plans, purge, certificates."""
