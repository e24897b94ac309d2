"""The templates as data: one file of rules for each group of jurisdictions, read by `retention.policy.templates`."""
