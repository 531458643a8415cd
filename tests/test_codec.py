"""Values to bytes and back: whatever the model can hold comes back as it was."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watcher.errors import StoreError
from watcher.model import (
    Alert,
    Change,
    Document,
    EntryRef,
    FetchState,
    Page,
    Revision,
    Snapshot,
    SourceState,
)
from watcher.store.codec import Packed, clean, dump, from_ms, load, pack, pack_value, to_ms, unpack, unpack_value

MODEL = (Page, Document, Revision, Change, FetchState, SourceState, EntryRef, Snapshot)
UTF = st.text(st.characters(codec="utf-8"), max_size=30)
st.register_type_strategy(str, UTF)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))


def _dense(seed: int) -> bytes:
    """Bytes that cannot be pressed, always the same ones for a seed; 32 to 3,200 of them."""
    return b"".join(hashlib.sha256(bytes([seed % 256, n])).digest() for n in range(1 + seed % 100))


BODIES = st.binary(max_size=2000) | st.integers(0, 25_599).map(_dense)


@settings(max_examples=25)
@pytest.mark.parametrize("kind", MODEL)
@given(data=st.data())
def test_every_value_comes_back_as_it_was(kind: type[object], data: st.DataObject) -> None:
    """A frozen value of the model is the same after storing, whatever text and times it holds."""
    value = data.draw(st.from_type(kind))
    assert load(kind, dump(value)) == value
    assert unpack_value(kind, pack_value(value)) == value


@given(st.dictionaries(UTF, st.none() | st.booleans() | st.integers() | UTF | st.lists(UTF)))
def test_an_alerts_payload_comes_back_as_it_was(payload: dict[str, object]) -> None:
    """The payload of an alert is plain JSON, and stays the same."""
    alert = Alert("alr_1", "desk", "alert.health", datetime(2021, 5, 12, tzinfo=UTC), "info", "S", "t", payload)
    assert unpack_value(Alert, pack_value(alert)) == alert


def test_what_holds_a_default_takes_no_room() -> None:
    """A state that knows nothing yet is a few bytes, and a field that a later version adds reads as its default."""
    assert dump(SourceState("a")) == b'{"source":"a"}'


def test_lone_surrogates_become_replacement_characters() -> None:
    """Text that cannot be UTF-8 is mended, not refused."""
    page = Page("https://example.org/", title="a\ud800b", byline="\udfff")
    assert load(Page, dump(page)) == Page("https://example.org/", title="a\ufffdb", byline="\ufffd")


@given(st.text())
def test_clean_text_fits_every_engine(text: str) -> None:
    """A column's text has no NUL and no lone surrogate, and clean text is left alone."""
    assert "\x00" not in clean(text)
    assert clean(clean(text)) == clean(text)
    clean(text).encode()


@given(BODIES, st.none() | BODIES)
def test_packed_bytes_come_back(plain: bytes, base: bytes | None) -> None:
    """Bytes packed whole or against others are the same when they are unpacked."""
    packed = pack(plain, base)
    assert packed.size == len(plain)
    assert unpack(packed, base) == plain


@settings(max_examples=30)
@given(st.integers(0, 255), st.integers(0, 3000), st.binary(max_size=20))
def test_a_small_edit_is_a_small_difference(seed: int, place: int, words: bytes) -> None:
    """An edited body costs about what was edited."""
    base = _dense(99) + _dense(seed)
    edited = base[:place] + words + base[place + 10 :]
    packed = pack(edited, base)
    assert unpack(packed, base) == edited
    assert packed.codec == "delta"
    assert len(packed.data) < 100


@given(BODIES, BODIES, st.integers(0, 10_000), st.integers(1, 255))
def test_damaged_bytes_raise_nothing_else(plain: bytes, base: bytes, place: int, flip: int) -> None:
    """Damage is found or changes the bytes (whose hash then tells); it never raises anything but StoreError."""
    packed = pack(plain, base)
    if not packed.data:
        return
    data = bytearray(packed.data)
    data[place % len(data)] ^= flip
    try:
        assert len(unpack(Packed(packed.codec, packed.size, bytes(data)), base)) == packed.size
    except StoreError:
        return


def test_a_bomb_in_the_store_is_bounded() -> None:
    """A row that unpacks to more than it says is damaged, whatever it would grow to."""
    bomb = pack(bytes(50_000_000))
    assert len(bomb.data) < 5000
    with pytest.raises(StoreError, match="damaged"):
        unpack(Packed("zstd", 1000, bomb.data))
    with pytest.raises(StoreError, match="size is given"):
        unpack(Packed("zstd", 10**12, bomb.data))
    with pytest.raises(StoreError, match="newer Watcher"):
        unpack(Packed("other", 1, b"a"))
    with pytest.raises(StoreError, match="missing"):
        unpack(Packed("delta", 1, b"a"))


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001 - made aware below
def test_times_are_kept_to_the_millisecond(at: datetime) -> None:
    """A time in a column is the same to the millisecond, rounded down, before 1970 too."""
    aware = at.replace(tzinfo=UTC)
    kept = from_ms(to_ms(aware))
    assert timedelta(0) <= aware - kept < timedelta(milliseconds=1)
    assert to_ms(kept) == to_ms(aware)
