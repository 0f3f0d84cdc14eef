#!/usr/bin/env bash
# Builds the Swift package on Linux and runs its tests, and those of the example app without its views, on the library that
#
#     cargo build --release -p sottovoce-cli -p sottovoce-ffi
#
# makes. Where this machine has no Swift, Debian's is unpacked into $SOTTOVOCE_CI_CACHE/swift (1.2 GB), and this system stays
# as it is. What needs AVFAudio, Speech or SwiftUI is parsed and no more: those are Apple's alone.
set -euo pipefail
cd "$(dirname "$0")"
target=$(realpath "${CARGO_TARGET_DIR:-../../target}")
library=$target/release
root=${SOTTOVOCE_CI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sottovoce-ci}/swift

if ! [ -e "$library/libsottovoce_ffi.so" ]; then
    echo "there is no $library/libsottovoce_ffi.so: cargo build --release -p sottovoce-cli -p sottovoce-ffi makes it" >&2
    exit 1
fi

# Unpacks Swift 6 with what it needs, from this machine's mirror of Debian, by a configuration of apt that knows nothing else.
unpack() {
    local part=$1 id release mirror apt package
    id=$(. /etc/os-release && echo "$ID") release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    if [ "$id" != debian ]; then
        echo "this is no Debian, whose Swift could be taken: put Swift 6 on the PATH" >&2
        exit 1
    fi
    mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' | awk -v release="$release" '$1 == release { found = $2 } END { print found }')
    apt=$(mktemp -d)
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$part"
    touch "$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/sources"
    cat >"$apt/conf" <<TEXT
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Etc::sourcelist "$apt/sources";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "$(id -un)";
TEXT
    export APT_CONFIG=$apt/conf
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends --download-only swiftlang libc6-dev libstdc++-14-dev coreutils dash
    unset APT_CONFIG
    for package in "$apt"/archives/*.deb; do
        # Most of Swift's package is debuggers, editors' servers, and libraries for other systems.
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$part" --keep-directory-symlink --exclude='./usr/share/doc' \
            --exclude='*lldb*' --exclude='*libsourcekitd*' --exclude='*/sourcekit-lsp' --exclude='*/clangd' --exclude='*/docc' \
            --exclude='*/swift-format' --exclude='*/swift_static' --exclude='*/embedded' --exclude='*/FrameworkABIBaseline' \
            --exclude='*libLTO*'
    done
    rm -r "$apt"
}

# The command, where /usr is that of the folder.
inside() {
    local user=()
    [ "$(id -u)" = 0 ] || user=(--map-root-user)
    unshare --mount "${user[@]}" bash -c 'mount --rbind "$0/usr" /usr && PATH=/usr/libexec/swift/bin:/usr/bin exec "$@"' "$root" "$@"
}

run=(env)
if ! command -v swift >/dev/null; then
    if ! [ -d "$root" ]; then
        rm -rf "$root.part"
        unpack "$root.part"
        mv "$root.part" "$root"
    fi
    run=(inside)
fi

"${run[@]}" swiftc -parse Example/App/*.swift
# Swift's own library of observation lacks a symbol on Linux that is never called.
link=(-Xlinker "-L$library" -Xlinker --allow-shlib-undefined)
export LD_LIBRARY_PATH=$library
# Without a warning; what finds the tests is generated, and has some.
"${run[@]}" swift build --scratch-path "$target/swift" --target ExampleAssistant -Xswiftc -warnings-as-errors
"${run[@]}" swift test --scratch-path "$target/swift" --disable-swift-testing "${link[@]}"
