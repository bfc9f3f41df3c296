"""The formats that differ from those of Django.

Its times end at the minute, and leave out the time zone.
"""

DATETIME_FORMAT = "Y-m-d H:i:s e"
