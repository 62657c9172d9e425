"""The errors that a user can mend."""


class IntoneError(Exception):
    """One line that says what is wrong, with which file, and what to do.

    The command line prints it without a trace and exits with code 2.
    """


class AudioError(IntoneError):
    """A sound that cannot be used: missing, empty, broken, too short or not finite."""


class ModelError(IntoneError):
    """A model file that cannot be used: not a model of Intone, newer, or damaged."""


class DataError(IntoneError):
    """A corpus, table, recipe or run that does not fit what was asked of it."""


class LeakError(DataError):
    """A split that lets the test part be heard in training."""
