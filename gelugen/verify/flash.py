"""The flash budget of a spec, against the tables that stand in the C text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from gelugen.design import Design
from gelugen.store import Bundle

_TABLE = re.compile(r"^(?:\w+ )?static const u?int(8|16|32|64)_t \w+((?:\[\d+\])+)", re.MULTILINE)


def table_bytes(texts: Iterable[str]) -> int:
    """Bytes of all tables that C texts of ours declare, each a constant array of a type of stated width."""
    return sum(
        int(bits) // 8 * math.prod(map(int, re.findall(r"\d+", sizes)))
        for text in texts
        for bits, sizes in _TABLE.findall(text)
    )


def over_budget(bundle: Bundle) -> str:
    """Empty if the tables of a design's C fit the flash that its spec leaves them, else by how much they do not."""
    most = bundle.design.spec.flash if isinstance(bundle.design, Design) else None
    if most is None:
        return ""
    paths = [bundle.folder / f"{bundle.name}{end}" for end in (".h", ".c")]
    found = table_bytes(path.read_text(encoding="utf-8") for path in paths if path.is_file())
    return f"the C has {found} bytes of tables, and flash is {most}: the budget is broken" if found > most else ""
