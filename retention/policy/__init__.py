"""The schedule: the policy language, periods and clocks, and the library of templates."""
