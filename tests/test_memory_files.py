"""Memory files: every format read back by its own reader and by an independent one; damaged files are refused."""

import io
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gelugen.emit.memory_files import FORMATS, read_words
from gelugen.errors import GelugenError

TITLE = "table of gelu, word 0 first"
HEX_END = ":00000001FF\n"


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], int]:
    """Words and their width: every width, short and odd depths, words at both ends of their range."""
    width = draw(st.integers(1, 64))
    top = (1 << width) - 1
    word = st.one_of(st.integers(0, top), st.sampled_from([0, top, 1 << width - 1]))
    return draw(st.lists(word, min_size=1, max_size=70)), width


@pytest.mark.parametrize("name", FORMATS)
@given(table=tables())
def test_what_is_written_is_read_back(name: str, table: tuple[list[int], int]) -> None:
    words, width = table
    text = FORMATS[name].write(TITLE, words, width)
    back, stated = FORMATS[name].read(text)
    assert back == words
    assert stated == (width if name == "mif" else None)
    assert read_words(name, text, len(words), width) == words
    assert text.isascii()
    assert text.endswith("\n")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("depth", "width"), [(65_536, 16), (65_537, 9)])
def test_large_tables_are_read_back(name: str, depth: int, width: int) -> None:
    words = [(number * 40_503 + (number >> 7)) % (1 << width) for number in range(depth)]
    assert read_words(name, FORMATS[name].write(TITLE, words, width), depth, width) == words


# Independent readers, written from the vendors' documents without a look at ours.


def strict_coe(text: str) -> list[int]:
    """UG896, COE File Syntax, for the files that we write: comment, radix, vector, commas, semicolon."""
    match = re.fullmatch(
        r"; [^\n]*\nmemory_initialization_radix=16;\nmemory_initialization_vector=\n((?:[0-9a-f]+,\s)*[0-9a-f]+);\n",
        text,
    )
    return [int(word, 16) for word in match[1].replace("\n", " ").split(", ")]


def strict_mif(text: str) -> tuple[list[int], int]:
    """Quartus help, Memory Initialization File: the four keywords first, then one address and word a line."""
    match = re.fullmatch(
        r"-- [^\n]*\nDEPTH = (\d+);\nWIDTH = (\d+);\nADDRESS_RADIX = UNS;\nDATA_RADIX = HEX;\n"
        r"CONTENT BEGIN\n((?: +\d+ : [0-9a-f]+;\n)+)END;\n",
        text,
    )
    pairs = [line.strip(" ;").split(" : ") for line in match[3].splitlines()]
    assert [int(address) for address, _ in pairs] == list(range(int(match[1])))
    return [int(word, 16) for _, word in pairs], int(match[2])


@given(table=tables())
def test_coe_and_mif_follow_the_vendors_grammar(table: tuple[list[int], int]) -> None:
    words, width = table
    assert strict_coe(FORMATS["coe"].write(TITLE, words, width)) == words
    assert strict_mif(FORMATS["mif"].write(TITLE, words, width)) == (words, width)


@pytest.mark.needs("intelhex")
@given(table=tables())
@settings(max_examples=30)
def test_hex_records_by_the_library_intelhex(table: tuple[list[int], int]) -> None:
    """One by one, as their addresses count words: the library counts bytes, and would see them overlap."""
    import intelhex

    words, width = table
    text = FORMATS["hex"].write(TITLE, words, width)
    *records, end = text.splitlines(keepends=True)
    assert end == HEX_END
    back = []
    for number, record in enumerate(records):
        loaded = intelhex.IntelHex(io.StringIO(record + end))
        assert loaded.minaddr() == number
        assert len(loaded) == -(-width // 8)
        back.append(int.from_bytes(loaded.tobinstr(), "big"))
    assert back == words


@pytest.mark.needs("intelhex")
def test_hex_of_bytes_by_the_library_intelhex() -> None:
    """Of words of one byte the addresses are those of bytes; beyond 65,536 the segment address counts."""
    import intelhex

    words = [number * 7 % 251 for number in range(70_000)]
    loaded = intelhex.IntelHex(io.StringIO(FORMATS["hex"].write(TITLE, words, 8)))
    assert loaded.tobinarray().tolist() == words


@pytest.mark.needs("icarus")
def test_mem_by_icarus(tmp_path: Path) -> None:
    """$readmemh of Icarus reads the words, and prints no warning where the memory is larger than the file."""
    tables = {width: [(number * 2_654_435_761) % (1 << width) for number in range(37)] for width in (1, 7, 16, 27, 64)}
    lines = ["module top;", "integer i;"]
    for width, words in tables.items():
        (tmp_path / f"{width}.mem").write_text(FORMATS["mem"].write(TITLE, words, width))
        lines.append(f"reg [{width - 1}:0] m{width} [0:{len(words)}];")
    lines.append("initial begin")
    for width in tables:
        lines.append(f'$readmemh("{width}.mem", m{width});')
        lines.append(f'for (i = 0; i < 38; i = i + 1) $display("%h", m{width}[i]);')
    (tmp_path / "top.v").write_text("\n".join([*lines, "end", "endmodule", ""]))
    subprocess.run(["iverilog", "-g2001", "-Wall", "-o", "top.vvp", "top.v"], cwd=tmp_path, check=True)
    ran = subprocess.run(["vvp", "-n", "top.vvp"], cwd=tmp_path, check=True, capture_output=True, text=True)
    expected = [
        line
        for width, words in tables.items()
        for line in [*(f"{word:0{-(-width // 4)}x}" for word in words), "x" * -(-width // 4)]
    ]
    assert ran.stdout.split() == expected
    assert not ran.stderr


# Files of other makers.


@pytest.mark.parametrize(
    ("name", "text", "expected", "width"),
    [
        ("mem", "/* two\nlines */ 0 @1 A_b // c\n@0002\nff", [0, 0xAB, 0xFF], None),
        ("hex", ":04000000 0102FFFE".replace(" ", "") + "FC\n" + HEX_END, [0x0102FFFE], None),
        ("hex", ":10000000" + "00" * 16 + "F0\r\n:020010000102EB\r\n" + HEX_END, [0] * 16 + [1, 2], None),
        ("hex", ":0200000001 02FB".replace(" ", "") + "\n:020001000304F6\n" + HEX_END, [0x0102, 0x0304], None),
        ("hex", ":020000040000FA\n:0100000007F8\n" + HEX_END, [7], None),
        (
            "coe",
            "; c\nMEMORY_INITIALIZATION_RADIX = 2; c\nMemory_Initialization_Vector =\n01,\n10 11;",
            [1, 2, 3],
            None,
        ),
        (
            "coe",
            "memory_initialization_radix=10;memory\nmemory_initialization_vector=12, 0,255 ;\n",
            [12, 0, 255],
            None,
        ),
        (
            "mif",
            "% two\nlines %\nWIDTH=8;\nDEPTH=8;\nADDRESS_RADIX=HEX;\nDATA_RADIX=DEC;\n"
            "content begin\n[0..3] : 1 -1;\n4 : 2 3 4; -- c\n7:-128;\nend;\n",
            [1, 255, 1, 255, 2, 3, 4, 128],
            8,
        ),
        (
            "mif",
            "DEPTH=2;WIDTH=3;ADDRESS_RADIX=BIN;DATA_RADIX=OCT; CONTENT BEGIN 1:7;0:0; END;",
            [0, 7],
            3,
        ),
    ],
)
def test_what_the_rules_allow_is_read(name: str, text: str, expected: list[int], width: int | None) -> None:
    assert FORMATS[name].read(text) == (expected, width)


MIF = "DEPTH=2;\nWIDTH=4;\nADDRESS_RADIX=UNS;\nDATA_RADIX=HEX;\nCONTENT BEGIN\n0:1;\n1:f;\nEND;\n"
COE = "memory_initialization_radix=16;\nmemory_initialization_vector=1,f;\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mem", "", "no words"),
        ("mem", "// 00 11\n", "no words"),
        ("mem", "00 xx", "word 1 of the .mem file is unknown: 'xx'"),
        ("mem", "00 0z", "word 1 of the .mem file is unknown: '0z'"),
        ("mem", "00 11 this", "word 2 of the .mem file is 'this': it must be a hexadecimal number"),
        ("mem", "00 -1", "word 1 of the .mem file is '-1'"),
        ("mem", "00 @2 11", "goes on at address 2 after 1 words"),
        ("mem", "00 @x 11", "an address of the .mem file is 'x'"),
        ("hex", "", "cut short"),
        ("hex", HEX_END, "no words"),
        ("hex", ":0100000007F8\n", "cut short"),
        ("hex", ":0100000007F9\n" + HEX_END, "checksum"),
        ("hex", ":0200000007F7\n" + HEX_END, "announces 2 bytes and has 1"),
        ("hex", ":01000000G7F8\n" + HEX_END, "line 1 of the .hex file is no Intel HEX record"),
        ("hex", ":0100000307F5\n" + HEX_END, "record type 3"),
        ("hex", ":0100000007F8\n:0100020007F6\n" + HEX_END, "goes on at address 2 after 1 bytes"),
        ("hex", ":020000040001F9\n:0100000007F8\n" + HEX_END, "goes on at address 65536 after 0 bytes"),
        ("hex", ":020000021000EC\n:0100000007F8\n" + HEX_END, "goes on at address 65536 after 0 bytes"),
        ("hex", HEX_END + ":0100000007F8\n", "line 2 of the .hex file comes after its last record"),
        ("coe", "", "must set memory_initialization_radix and then"),
        ("coe", COE.replace("f;", "f"), "cut short"),
        ("coe", COE.replace("f;", "x;"), "word 1 of the .coe file is 'x'"),
        ("coe", COE.replace("f;", ";"), "word 1 of the .coe file is ''"),
        ("coe", COE.replace("1,", "1,,"), "word 1 of the .coe file is ''"),
        ("coe", COE.replace("16", "8"), "radix '8': it must be 2, 10 or 16"),
        ("coe", COE.replace("memory_initialization_radix", "radix"), "it must set memory_initialization_radix"),
        ("coe", COE.splitlines()[1], "must set memory_initialization_radix and then"),
        ("mif", "", "no CONTENT BEGIN"),
        ("mif", MIF.replace("END;\n", ""), "cut short"),
        ("mif", MIF.replace("END;\n", "END;\n2:0;\n"), "goes on after its END;: '2:0;'"),
        ("mif", MIF.replace("1:f;\n", ""), "too short: word 1 misses, with DEPTH = 2"),
        ("mif", MIF.replace("1:f;\n", "1:f 0;\n"), "too long: it has a word 2 and DEPTH = 2"),
        ("mif", MIF.replace("1:f;", "1:f;0:1;"), "word 0 twice"),
        ("mif", MIF.replace("1:f;", "1:g;"), "word 1 of the .mif file is 'g'"),
        ("mif", MIF.replace("1:f;", "1:1f;"), "word 1 of the .mif file is 31: it does not fit 4 bits"),
        ("mif", MIF.replace("1:f;", "1:f"), "no semicolon ends"),
        ("mif", MIF.replace("1:f;", "1;"), "an address, a colon and words are needed"),
        ("mif", MIF.replace("1:f;", "[1..0]:f;"), "an address, a colon and words are needed"),
        ("mif", MIF.replace("WIDTH=4;\n", ""), "must set WIDTH once"),
        ("mif", MIF.replace("DEPTH=2", "DEPTH=0"), "DEPTH = 0, WIDTH = 4"),
        ("mif", MIF.replace("=HEX", "=HEXA"), "DATA_RADIX = HEXA: it must be one of BIN, OCT, DEC, UNS, HEX"),
        ("mif", MIF.replace("=HEX", "=DEC").replace("f;", "8;"), "'8': it does not fit 4 signed bits"),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(name: str, text: str, message: str) -> None:
    with pytest.raises(GelugenError, match=re.escape(message)) as caught:
        FORMATS[name].read(text)
    assert "\n" not in str(caught.value)
    assert f".{name}" in str(caught.value)


@pytest.mark.parametrize("name", FORMATS)
def test_every_cut_is_refused(name: str) -> None:
    """A file cut anywhere either still has all its words or is refused, held against the table's size."""
    words = list(range(40))
    text = FORMATS[name].write(TITLE, words, 9)
    passed = 0
    for end in range(len(text)):
        try:
            back = read_words(name, text[:end], len(words), 9)
        except GelugenError:
            continue
        passed += 1
        assert name == "mem" or end >= len(text) - 1  # but for the last line break all of it is needed
        assert back[:-1] == words[:-1]  # of a .mem file the last word's digits may miss: nothing marks its end
    assert passed <= (4 if name == "mem" else 1)


@pytest.mark.parametrize("name", FORMATS)
def test_short_and_long_files_and_wide_words_are_refused(name: str) -> None:
    text = FORMATS[name].write(TITLE, [1, 2, 300], 9)
    with pytest.raises(GelugenError, match=rf"the \.{name} file is too short: it has 3 words, the table has 4"):
        read_words(name, text, 4)
    with pytest.raises(GelugenError, match=rf"the \.{name} file is too long: it has 3 words, the table has 2"):
        read_words(name, text, 2)
    with pytest.raises(GelugenError, match=r"it does not fit 8 bits|words of 9 bits: the table's have 8"):
        read_words(name, text, 3, 8)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("word", [256, -1])
def test_a_word_that_does_not_fit_is_never_written(name: str, word: int) -> None:
    with pytest.raises(GelugenError, match=f"word 1 of the table is {word}: it does not fit 8 bits"):
        FORMATS[name].write(TITLE, [0, word], 8)


@pytest.mark.parametrize("name", FORMATS)
def test_a_title_of_two_lines_stays_a_comment(name: str) -> None:
    assert FORMATS[name].read(FORMATS[name].write("one\n2", [3], 4))[0] == [3]


def test_a_hex_file_states_its_limits() -> None:
    with pytest.raises(GelugenError, match="at most 1048576 words"):
        FORMATS["hex"].write(TITLE, [0] * 1_048_577, 1)
    with pytest.raises(GelugenError, match="words of 2040 bits: this table has 1 of 2041"):
        FORMATS["hex"].write(TITLE, [0], 2041)
    assert FORMATS["hex"].write(TITLE, [1], 2040).startswith(":FF000000" + "00" * 254 + "01")
