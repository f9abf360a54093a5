"""Names that are safe as a C function, a Verilog module and a folder at once."""

from __future__ import annotations

import re

from gelugen.errors import GelugenError, short

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LONGEST = 63  # what C99 promises to tell apart

_C = """
auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
alignas alignof and and_eq asm bitand bitor bool catch class compl concept const_cast consteval constexpr
constinit co_await co_return co_yield decltype delete dynamic_cast explicit export false friend main mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast requires
static_assert static_cast template this thread_local throw true try typeid typename using virtual wchar_t xor
xor_eq typeof typeof_unqual
"""
_C_LIBRARY = """
abort abs acos acosh asin asinh assert atan atan2 atanh atexit atof atoi atol atoll bsearch calloc cbrt ceil
copysign cos cosh div erf erfc errno exit exp exp2 expm1 fabs fdim floor fma fmax fmin fmod fopen fprintf fputs
free frexp gamma hypot ilogb isfinite isinf isnan j0 j1 jn labs ldexp ldiv lgamma llabs lldiv llrint llround log
log10 log1p log2 logb lrint lround malloc memchr memcmp memcpy memmove memset modf nan nearbyint nextafter
nexttoward offsetof pow printf puts qsort rand realloc remainder remquo rint round scalbln scalbn scanf signbit
sin sinh snprintf sprintf sqrt srand sscanf stderr stdin stdout strcat strchr strcmp strcpy strlen strncpy strstr
strtod strtol system tan tanh tgamma time tolower toupper trunc y0 y1 yn
EOF FILE BUFSIZ clearerr fclose feof ferror fflush fgetc fgetpos fgets fpos_t fputc fread freopen fscanf fseek fsetpos
ftell fwrite getc getchar gets perror putc putchar remove rename rewind scanf setbuf setvbuf tmpfile tmpnam ungetc
vfprintf vfscanf vprintf vscanf vsnprintf vsprintf vsscanf
complex ctype fenv inttypes iso646 limits locale math setjmp stdarg stdbool stddef stdint stdio stdlib tgmath wctype
"""
_VERILOG = """
always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config deassign default defparam
design disable edge else end endcase endconfig endfunction endgenerate endmodule endprimitive endspecify endtable
endtask event for force forever fork function generate genvar highz0 highz1 if ifnone incdir include initial inout
input instance integer join large liblist library localparam macromodule medium module nand negedge nmos nor
noshowcancelled not notif0 notif1 or output parameter pmos posedge primitive pull0 pull1 pulldown pullup
pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release repeat rnmos rpmos rtran rtranif0 rtranif1
scalared showcancelled signed small specify specparam strong0 strong1 supply0 supply1 table task time tran tranif0
tranif1 tri tri0 tri1 triand trior trireg unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor
accept_on alias always_comb always_ff always_latch assert assume before bind bins binsof bit break byte chandle
checker class clocking const constraint context continue cover covergroup coverpoint cross dist do endchecker
endclass endclocking endgroup endinterface endpackage endprogram endproperty endsequence enum eventually expect
export extends extern final first_match foreach forkjoin global iff ignore_bins illegal_bins implements implies
import inside int interconnect interface intersect join_any join_none let local logic longint matches modport
nettype new nexttime null package packed priority program property protected pure rand randc randcase randsequence
ref reject_on restrict return s_always s_eventually s_nexttime s_until s_until_with sequence shortint shortreal
soft solve static string strong struct super sync_accept_on sync_reject_on tagged this throughout timeprecision
timeunit type typedef union unique unique0 unsigned until until_with untyped var virtual void wait_order weak
wildcard with within
"""
_EMITTED = "clk rst in_valid in_data out_valid out_data in out i n NULL unix linux size_t ptrdiff_t max_align_t"
"""Names of ports and arguments in what gelugen emits, and of what its headers include."""
RESERVED = frozenset((_C + _C_LIBRARY + _VERILOG + _EMITTED).split())
_STDINT = re.compile(r"u?int\w*_t|U?INT\w*_(MAX|MIN|C)|(SIZE|PTRDIFF|WCHAR|WINT|SIG_ATOMIC)_(MAX|MIN)")


_OTHERS = {
    r"(?i:gelugen)(_.*)?": "begins with gelugen, as what all headers share does",
    r".*_n": "ends in _n, as array functions do",
    r".*_impl(_.*)?": "has the part impl, as what headers define for their own use does",
    r".*_(INPUT|OUTPUT|GATE|UP|SELECT)(_.*)?": "has a part in capitals, as constants do",
}
"""What names in the C of other units look like. As no unit is called so, the names of two never meet: all that a unit
defines is NAME, NAME_n, NAME_impl_..., and constants such as NAME_INPUT_SCALE."""


def inner(name: str) -> str:
    """What the names begin with that the C of a unit defines for its own use."""
    return f"{name}_impl"


def check_identifier(name: str) -> None:
    """Refuse a name that cannot be a function, a module and a folder.

    Raises:
        GelugenError: the name is malformed, too long, taken by C, C++ or Verilog, or one that another unit's C may use.
    """
    rule = "it must be letters, digits and single underscores, and start with a letter"
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name) or "__" in name:
        raise GelugenError(f"name {short(name)} is no identifier in C and Verilog: {rule}")
    if len(name) > LONGEST:
        raise GelugenError(f"name {short(name)} has {len(name)} characters: it must have at most {LONGEST}")
    if name in RESERVED or _STDINT.fullmatch(name):
        raise GelugenError(f"name {name!r} is taken by C, C++ or Verilog: choose another, such as {name}_lut")
    if told := next((told for pattern, told in _OTHERS.items() if re.fullmatch(pattern, name)), None):
        raise GelugenError(f"name {name!r} {told}, and could be that of another design's: choose another")


def identifier_part(text: str) -> str:
    """Any text as a part of an identifier: a minus becomes m, all else that is no letter or digit an underscore."""
    return re.sub(r"[\W_]+", "_", re.sub(r"-(?=[\d.])", "m", text)).strip("_")
