"""What goes wrong, as a test sets it."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Faults:
    """Each is off at 0. An unknown name is an AttributeError, a wrong value a ValueError.

    lost_answers   that many jobs run, but the connection breaks before their answer
    failed_jobs    that many jobs fail inside the service
    """

    lost_answers: int = 0
    failed_jobs: int = 0

    def __setattr__(self, name: str, value: int) -> None:
        kinds = {field.name: field.type for field in fields(self)}
        if name in kinds and (type(value) is not kinds[name] or value < 0):
            raise ValueError(f"{name} = {value!r}: a fault is a {kinds[name].__name__} of 0 or more")
        object.__setattr__(self, name, value)

    def take(self, name: str) -> bool:
        """Whether the next one goes wrong; it is then used up."""
        count = getattr(self, name)
        if count:
            setattr(self, name, count - 1)
        return bool(count)
