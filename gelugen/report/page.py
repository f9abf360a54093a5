"""The report: one page of HTML that stands alone, for people to look at before they read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jinja2

import gelugen
from gelugen.accuracy import shown
from gelugen.assets import folder
from gelugen.bank import Bank
from gelugen.emit.contract import bank_cores
from gelugen.gated import Gated
from gelugen.report.charts import HEIGHT, WIDTH
from gelugen.report.records import ON_CORE, RESOURCES, Records, Rows
from gelugen.report.views import DesignView, ProductView, Tile, product_view, view
from gelugen.store import Bundle
from gelugen.units import designs_of
from gelugen.verify import Verdict, check_guarantee


@dataclass(frozen=True)
class Part:
    """A design on its own, the activation of a gated unit, or a member of a bank."""

    anchor: str
    title: str
    view: DesignView


@dataclass(frozen=True)
class Entry:
    """A folder as the page tells it.

    Attributes:
        bundle: the folder.
        tiles, facts: of the whole.
        numbers: those that must be the manifest's.
        product: of a gated unit.
        parts: its designs.
        verdicts: that of the guarantee first, which was checked for this page.
        synthesis, instructions: tables of what tools have measured.
    """

    bundle: Bundle
    tiles: tuple[Tile, ...]
    facts: tuple[tuple[str, str], ...]
    numbers: Mapping[str, Any]
    product: ProductView | None
    parts: tuple[Part, ...]
    verdicts: tuple[Verdict, ...]
    synthesis: tuple[Rows, ...]
    instructions: tuple[Rows, ...]

    @property
    def name(self) -> str:
        """The name of the design."""
        return self.bundle.name

    @property
    def passed(self) -> bool:
        """Whether no tool has found anything wrong."""
        return not any(each.status == "fail" for each in self.verdicts)

    @property
    def checks(self) -> str:
        """How many checks have passed, and how many have not said anything."""
        passed, skipped = (sum(each.status == status for each in self.verdicts) for status in ("pass", "skipped"))
        return f"{passed} of {len(self.verdicts)}" + (f", {skipped} skipped" if skipped else "")


def page(bundles: Sequence[Bundle], records: Records, tell: Callable[[str], object] = lambda _: None) -> str:
    """The page of designs, as HTML.

    Args:
        bundles: the designs, in the order of the page.
        records: what other commands have found of them.
        tell: called with the name of every design before it is measured.
    """
    entries = []
    for number, bundle in enumerate(bundles):
        tell(bundle.name)
        entries.append(_entry(bundle, records, f"d{number}"))
    title = entries[0].name if len(entries) == 1 else f"{len(entries)} designs"
    return _environment().get_template("page.html.j2").render(entries=entries, title=title)


def _entry(bundle: Bundle, records: Records, anchor: str) -> Entry:
    unit, key = bundle.design, bundle.manifest["manifest_sha256"]
    search = bundle.manifest.get("search", "")
    parts = tuple(
        Part(
            f"{anchor}-{number}",
            name,
            view(design, search.get(name, "") if isinstance(search, dict) else search, records.results(design.spec)),
        )
        for number, (name, design) in enumerate(designs_of(unit))
    )
    product = product_view(unit) if isinstance(unit, Gated) else None
    tiles, facts, numbers = parts[0].view.tiles, parts[0].view.facts, parts[0].view.numbers
    if product:
        tiles, facts, numbers = product.tiles, product.facts, product.numbers
    elif isinstance(unit, Bank):
        tiles, facts, numbers = _bank_tiles(unit, parts), _bank_facts(unit), {"rom_bits": unit.rom_bits}
    return Entry(
        bundle,
        tiles,
        facts,
        {**numbers, "latency": bundle.manifest["latency"]},
        product,
        parts,
        (check_guarantee(bundle), *records.verdicts.get(key, ())),
        (*_measured(bundle, RESOURCES), *records.synthesis.get(key, ())),
        (*_measured(bundle, ON_CORE), *records.instructions.get(key, ())),
    )


def _bank_tiles(bank: Bank, parts: Sequence[Part]) -> tuple[Tile, ...]:
    worst = max(parts, key=lambda part: float(part.view.numbers["max_ulp"]))
    kept = all(tile.good is not False for part in parts for tile in part.view.tiles)
    plain = sum(design.spec.output.bits << design.spec.input.bits for design in bank.designs)
    _, _, error, _ = worst.view.tiles
    return (
        Tile("bank", f"{len(parts)} functions", ", ".join(dict.fromkeys(each.spec.function for each in bank.designs))),
        Tile("guarantees", "kept" if kept else "broken", "of every member, over every code", kept),
        Tile("largest error", error.value, f"of {worst.title}, {error.note}"),
        Tile("size", f"{bank.rom_bits:,} ROM bits", f"{bank_cores(bank)}; plain tables have {plain:,}"),
    )


def _bank_facts(bank: Bank) -> tuple[tuple[str, str], ...]:
    members = enumerate(bank.members.items())
    return (
        *(
            (f"select {number}", f"{name}: {design.spec.function}, {design.spec.aim}")
            for number, (name, design) in members
        ),
        ("cores", bank_cores(bank)),
    )


def _measured(bundle: Bundle, heads: Mapping[str, str]) -> tuple[Rows, ...]:
    """What was counted, of these kinds, when the design was chosen by it."""
    found = bundle.manifest.get("measured")
    if not isinstance(found, dict) or heads.keys().isdisjoint(found):
        return ()
    counts = {head: str(found[key]) for key, head in heads.items() if key in found}
    return (
        Rows(
            f"{found['by']}, when the design was chosen for {found['objective']}",
            ("on", *counts),
            ((str(found["on"]), *counts.values()),),
        ),
    )


@cache
def _environment() -> jinja2.Environment:
    """HTML: whatever a design's author has written is text here."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder("templates") / "report"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    env.globals.update(version=gelugen.__version__, width=WIDTH, height=HEIGHT)
    env.filters.update(count=_count, percent=_percent, ulp=shown, number=_number)
    return env


def _count(value: int) -> str:
    return f"{value:,}"


def _percent(value: float) -> str:
    return f"{value:.2%}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
