"""The one exception that gelugen raises for what a user can mend."""


class GelugenError(Exception):
    """Something a user asked for cannot be done.

    The message is one clear sentence: it names the field, the value, and what would be right. It is raised
    where the fact is known; the command line prints it and exits with code 2.
    """
