#!/usr/bin/env bash
# Makes sottovoceFFI.xcframework, the binary part of the Swift package, for iPhones, the iOS simulator and Macs.
# Needs a Mac with Xcode and Rust; there is no other way to make one.
set -euo pipefail
cd "$(dirname "$0")"

if [ "$(uname)" != Darwin ] || ! command -v xcodebuild >/dev/null; then
    echo "an XCFramework is made by xcodebuild, so this script needs a Mac with Xcode; this is $(uname)" >&2
    exit 1
fi

targets=(aarch64-apple-ios aarch64-apple-ios-sim aarch64-apple-darwin)
rustup target add "${targets[@]}"

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
# A folder of the module's own, so that other packages may have a module map too.
mkdir -p "$built/Headers/sottovoceFFI"
cp Generated/sottovoceFFI.h Generated/module.modulemap "$built/Headers/sottovoceFFI"

arguments=()
for target in "${targets[@]}"; do
    cargo rustc --release --locked --package sottovoce-ffi --lib --crate-type staticlib --target "$target"
    mkdir "$built/$target"
    cp "${CARGO_TARGET_DIR:-../../target}/$target/release/libsottovoce_ffi.a" "$built/$target"
    arguments+=(-library "$built/$target/libsottovoce_ffi.a" -headers "$built/Headers")
done

rm -rf sottovoceFFI.xcframework
xcodebuild -create-xcframework "${arguments[@]}" -output sottovoceFFI.xcframework
