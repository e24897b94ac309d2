"""Recorded sound: finds spoken and keyed digits, silences them, leaves every other sample in its place."""
