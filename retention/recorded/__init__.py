"""What people record that moves the end of a recording: events, extensions by authorities, requests for erasure."""
