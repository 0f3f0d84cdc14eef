#!/usr/bin/env bash
# Makes what a release consists of, in the folder that is given: stripped programs for x86-64 and, where its compiler is here,
# aarch64 Linux, the Python wheel, the bill of materials, the licences of everything inside, and checksums of them all.
#
#     tools/release.sh DIR
#
# What cannot be made on this machine is said and left out; what is made has been started once.
set -euo pipefail
out=$(mkdir -p "${1:?usage: tools/release.sh DIR}" && realpath "$1")
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

# program TRIPLE BUILT STRIP RUNNER…: strips a program, starts it, and packs it with what has to go with it.
program() {
    local triple=$1 built=$2 strip=$3 name work folder
    shift 3
    name=sottovoce-$version-$triple
    work=$(mktemp -d)
    folder=$work/$name
    mkdir "$folder"
    "$strip" -s -o "$folder/sottovoce" "$built"
    [ "$("$@" "$folder/sottovoce" --version)" = "sottovoce $version" ]
    "$@" "$folder/sottovoce" doctor >"$work/doctor" || { cat "$work/doctor"; exit 1; }
    cp LICENSE-APACHE LICENSE-MIT README.md "$folder"
    python3 tools/bill_of_materials.py licences "$triple" >"$folder/THIRD-PARTY-LICENCES.txt"
    python3 tools/bill_of_materials.py sbom "$triple" >"$out/$name.cdx.json"
    # The same files give the same archive.
    tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - "$name" | gzip -n -9 >"$out/$name.tar.gz"
    rm -r "$work"
    ls -l "$out/$name.tar.gz"
}

left_out() { echo "left out: $1" >&2; }

python3 tools/bill_of_materials.py check
# Together, as the wheel's build has them: features of dependencies follow from what is built together.
cargo build --release --locked -p sottovoce-cli -p sottovoce-ffi
host=$(cargo -vV | sed -n 's/^host: //p')
program "$host" "$target/release/sottovoce" strip env

triple=aarch64-unknown-linux-gnu
if [ "$host" != "$triple" ]; then
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
    standard=()
    if rustup target list --installed 2>/dev/null | grep -qx "$triple"; then
        cargo=(cargo)
    elif [ -d /usr/lib/rustlib/src/rust/library ] && [ -x /usr/bin/cargo ]; then
        # Debian's compiler of the same language version builds the standard library from its source.
        cargo=(env RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc /usr/bin/cargo)
        standard=(-Zbuild-std=std,panic_unwind)
    else
        cargo=()
    fi
    if ((${#cargo[@]} == 0)); then
        left_out "$triple (rustup target add $triple, or Debian's rust-web-src)"
    elif ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
        left_out "$triple (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user)"
    else
        # A folder of its own: artefacts of two compilers do not mix.
        CARGO_TARGET_DIR=$target/release-aarch64 "${cargo[@]}" build --release --locked -p sottovoce-cli --target "$triple" "${standard[@]}"
        program "$triple" "$target/release-aarch64/$triple/release/sottovoce" aarch64-linux-gnu-strip \
            qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max
    fi
fi

if ! python3 -m pip --version >/dev/null 2>&1; then
    left_out "the Python wheel (python3-pip)"
else
    python3 -m pip wheel -q --no-deps -w "$out" bindings/python
fi

(cd "$out" && find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\0' | sort -z | xargs -0 sha256sum >SHA256SUMS)
cat "$out/SHA256SUMS"
