"""The configuration: TOML files in, one frozen `Config` out, or every problem at once with its file and line.

Reads the files that it is named and the environment that it is handed; never the network, never the store. Secrets
stay references until `resolve` is called by the command that uses them.
"""

from watcher.config.advice import advice, host_loads
from watcher.config.build import load
from watcher.config.find import find
from watcher.config.identity import fetch_identity, plans, rules_of
from watcher.config.pairs import Group, groups
from watcher.config.partial import database_of, one_source, unreadable_secrets
from watcher.config.secrets import resolve
from watcher.config.settings import Advice, Config, HostLoad, Retention
from watcher.config.template import template
from watcher.config.values import duration

__all__ = [
    "Advice",
    "Config",
    "Group",
    "HostLoad",
    "Retention",
    "advice",
    "database_of",
    "duration",
    "fetch_identity",
    "find",
    "groups",
    "host_loads",
    "load",
    "one_source",
    "plans",
    "resolve",
    "rules_of",
    "template",
    "unreadable_secrets",
]
