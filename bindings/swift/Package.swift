// swift-tools-version: 5.9
import PackageDescription

// build-xcframework.sh makes the binary target on a Mac.
let package = Package(
    name: "Sottovoce",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "Sottovoce", targets: ["Sottovoce"]),
        .executable(name: "SottovoceExample", targets: ["SottovoceExample"]),
    ],
    targets: [
        .binaryTarget(name: "sottovoceFFI", path: "sottovoceFFI.xcframework"),
        .target(
            name: "Sottovoce",
            dependencies: ["sottovoceFFI"],
            linkerSettings: [.linkedFramework("CoreML"), .linkedFramework("Foundation")]
        ),
        .executableTarget(name: "SottovoceExample", dependencies: ["Sottovoce"], path: "Example/Sources"),
        .testTarget(name: "SottovoceTests", dependencies: ["Sottovoce"]),
    ]
)
