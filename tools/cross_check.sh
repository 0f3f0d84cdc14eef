#!/usr/bin/env bash
# Checks the platforms that this machine is not; see --help. The compiler is Debian's, because its sources of the standard
# library build for targets whose compiled library nobody here can fetch.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    cat <<'TEXT'
usage: tools/cross_check.sh [--lacking] [TARGET...]

Checks other platforms from a Debian machine. Without TARGETs, all of them:

  aarch64-apple-darwin       type-checks every crate, lints the runtime with its Core ML, and its tests
  aarch64-apple-ios          type-checks what an app links: the library behind the Swift package
  x86_64-pc-windows-gnu      type-checks every crate
  aarch64-unknown-linux-gnu  runs the kernels' tests, and every fixture on the cpu back end, in an emulator that has NEON, dotprod
                             and i8mm

--lacking prints the Debian packages that this machine lacks for them, and nothing else happens; nothing is installed.

Results are kept in target/cross ($CARGO_TARGET_DIR/cross). Libraries in C are compiled for Windows and Linux. For
Apple's platforms they cannot be, without Apple's headers; an empty object stands for each, since nothing is linked.

    tools/cross_check.sh aarch64-apple-darwin aarch64-apple-ios
    sudo apt-get install $(tools/cross_check.sh --lacking)
TEXT
}

lacking=
targets=()
for argument in "$@"; do
    case $argument in
        -h | --help) usage; exit ;;
        --lacking) lacking=yes ;;
        aarch64-apple-darwin | aarch64-apple-ios | x86_64-pc-windows-gnu | aarch64-unknown-linux-gnu) targets+=("$argument") ;;
        *) echo "unknown argument '$argument'" >&2; usage >&2; exit 2 ;;
    esac
done
((${#targets[@]})) || targets=(aarch64-apple-darwin aarch64-apple-ios x86_64-pc-windows-gnu aarch64-unknown-linux-gnu)

# Debian packages without which a target cannot be checked; each has a file that shows whether it is there.
needed() {
    echo "rustc-web /usr/bin/rustc"
    echo "cargo-web /usr/bin/cargo"
    echo "rust-web-src /usr/lib/rustlib/src/rust/library/std"
    for target in "${targets[@]}"; do
        case $target in
            aarch64-apple-darwin) echo "rust-web-clippy /usr/bin/clippy-driver" ;;
            x86_64-pc-windows-gnu) echo "gcc-mingw-w64-x86-64-posix /usr/bin/x86_64-w64-mingw32-gcc-posix" ;;
            aarch64-unknown-linux-gnu)
                echo "gcc-aarch64-linux-gnu /usr/bin/aarch64-linux-gnu-gcc"
                echo "libc6-dev-arm64-cross /usr/aarch64-linux-gnu/include/stdlib.h"
                echo "qemu-user /usr/bin/qemu-aarch64"
                ;;
        esac
    done
}
missing=$(needed | while read -r package file; do [ -e "$file" ] || echo "$package"; done)
if [ -n "$lacking" ]; then
    [ -z "$missing" ] || echo "$missing"
    exit
fi
if [ -n "$missing" ]; then
    echo "this machine lacks Debian packages: apt-get install" $missing >&2
    exit 1
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/cross RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc
# Building the standard library is not stable yet, and neither is what it needs of the compiler.
export RUSTC_BOOTSTRAP=1 CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
cargo=/usr/bin/cargo

check() {
    local target=$1
    shift
    "$cargo" check --locked --target "$target" -Zbuild-std=std,panic_unwind,test "$@"
}

# As `check`, with Debian's clippy; `cargo clippy` would find rustup's.
lint() {
    local target=$1
    shift
    CARGO=$cargo /usr/bin/cargo-clippy clippy --locked --target "$target" -Zbuild-std=std,panic_unwind,test "$@"
}

# Stands for the C compiler of a platform whose headers nobody may pass on.
empty_objects() {
    mkdir -p "$CARGO_TARGET_DIR"
    local compiler
    compiler=$(realpath "$CARGO_TARGET_DIR")/empty-objects
    cat >"$compiler" <<'TEXT'
#!/bin/sh
previous=
for argument; do
    [ "$previous" = -o ] && exec cc -c -x c /dev/null -o "$argument"
    previous=$argument
done
exec cc "$@"
TEXT
    chmod +x "$compiler"
    # An SDK's folder is asked for, and not looked into.
    export SDKROOT=/usr "CC_${1//-/_}=$compiler" "AR_${1//-/_}=ar"
}

for target in "${targets[@]}"; do
    begun=$SECONDS
    case $target in
        aarch64-apple-darwin)
            empty_objects "$target"
            check "$target" --workspace
            # The one crate with code that only these platforms compile.
            lint "$target" -p sottovoce-runtime --tests --no-deps -- -D warnings
            ;;
        aarch64-apple-ios)
            empty_objects "$target"
            check "$target" -p sottovoce-ffi
            ;;
        x86_64-pc-windows-gnu)
            export CC_x86_64_pc_windows_gnu=x86_64-w64-mingw32-gcc-posix
            check "$target" --workspace
            ;;
        aarch64-unknown-linux-gnu)
            export CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
            export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
            export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max"
            # Emulated, the checks of a test build take minutes, and the other levels have passed them; what our crates stand
            # on is not worth optimising. The level is asked for so that the emulator cannot lack it unnoticed.
            tests() {
                SOTTOVOCE_ISA=i8mm "$cargo" test --locked --target "$target" -Zbuild-std=std,panic_unwind,test \
                    --config 'profile.test.package."*".opt-level=0' \
                    --config 'profile.test.package.sottovoce-kernels.debug-assertions=false' \
                    --config 'profile.test.package.sottovoce-kernels.overflow-checks=false' "$@"
            }
            # One test counts to a million, which says nothing of a level.
            tests -p sottovoce-kernels --lib --tests -- --skip loops_do_what_they_count
            tests -p sottovoce-runtime --test conformance -- cpu
            ;;
    esac
    echo "$target: $((SECONDS - begun)) s"
done
