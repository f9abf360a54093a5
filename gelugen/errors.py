"""The one exception that gelugen raises for what a user can mend."""


def short(value: object) -> str:
    """A value as a message shows it: its repr, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:60]}...{text[-10:]}"


class GelugenError(Exception):
    """Something a user asked for cannot be done.

    The message is one clear sentence: it names the field, the value, and what would be right. It is raised
    where the fact is known; the command line prints it and exits with code 2.
    """
