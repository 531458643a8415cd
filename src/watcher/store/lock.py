"""One instance per database: a lock file beside SQLite, an advisory lock in PostgreSQL."""


class Lock:
    def held(self) -> bool:
        """Whether the lock still stands (a PostgreSQL connection may have been lost)."""
        raise NotImplementedError

    def release(self) -> None: ...


def acquire(url: str) -> Lock:
    """Take the database's lock or raise StoreError that names the process which holds it."""
    raise NotImplementedError
