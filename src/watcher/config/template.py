"""The file that `watcher init` writes.

Lines that begin with `# ` are words; lines that begin with `#` and a key are settings, switched off. With all of them
switched on, the file loads, too: a test holds to that.
"""

TEMPLATE = """\
# What Watcher watches, and whom it tells. `watcher validate` checks this file.
# Durations: "30s" "15m" "6h" "7d". Sizes: "500kB" "20MB".
# Secrets: "env:NAME", "file:PATH" or "credential:NAME" (systemd), read only when they are used.

#include = ["sources/*.toml"]

[watcher]
# Becomes part of the User-Agent; several regulators refuse programs that name nobody.
#contact = "you@example.org"
# For times on pages that name no zone.
timezone = "UTC"
# Where everything is kept. Default: watcher.db in the state directory.
#database = "sqlite:///watcher.db"

[fetch]
# Least time between two requests to one host, and how many may be open at once.
delay = "1s"
per_host = 2

#[hosts."*.sec.gov"]
#delay = "500ms"

# What holds for every source that does not say otherwise.
[defaults]
#notify = ["desk"]
#alarm_after = "30m"

# --- what to watch: one [[sources]] for each page or feed ---

#[[sources]]
#name = "sec-press"
#title = "SEC press releases"
#url = "https://www.sec.gov/news/pressreleases.rss"
#kind = "feed"
#every = "5m"
#tags = ["us"]

#[[sources]]
#name = "some-article"
#url = "https://www.example.org/news/a-living-article"
#kind = "article"
#every = "10m"
#timezone = "America/New_York"
#locale = "en-US"
#stories = ["matter"]

# A story gathers what several sources say on one matter.
#[stories.matter]
#title = "The matter of Example Corp."
#match = ["Example Corp", "re:(?i)example (?:corp|holdings)"]

# --- whom to tell ---

#[channels.desk]
#type = "email"
#to = ["desk@example.org"]
#from = "watcher@example.org"
#smtp = "smtps://user@mail.example.org:465"
#password = "env:SMTP_PASSWORD"

#[channels.hook]
#type = "webhook"
#url = "https://example.org/hooks/watcher"
#secret = "env:HOOK_SECRET"

# Who hears of what, beside `notify`: all keys must fit, values of one key are alternatives.
#[[routes]]
#story = "matter"
#event = ["update.new", "text.changed"]
#notify = ["hook"]
"""


def template() -> str:
    """The commented config.toml of `watcher init`; it loads as it is, and watches nothing yet."""
    return TEMPLATE
