// swift-tools-version: 5.9
import PackageDescription

// The library behind it, and what needs Apple's frameworks. On Linux the library is the one that cargo built; test-on-linux.sh
// tells the linker where.
#if os(Linux)
    let library = Target.systemLibrary(name: "sottovoceFFI", path: "Generated")
    let (exampleProducts, exampleTargets): ([Product], [Target]) = ([], [])
#else
    // build-xcframework.sh makes it.
    let library = Target.binaryTarget(name: "sottovoceFFI", path: "sottovoceFFI.xcframework")
    let exampleProducts: [Product] = [.executable(name: "SottovoceExample", targets: ["SottovoceExample"])]
    let exampleTargets: [Target] = [
        .executableTarget(name: "SottovoceExample", dependencies: ["Sottovoce", "ExampleAssistant"], path: "Example/App")
    ]
#endif

let strict: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]

let package = Package(
    name: "Sottovoce",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "Sottovoce", targets: ["Sottovoce"])] + exampleProducts,
    targets: [
        library,
        .target(
            name: "Sottovoce",
            dependencies: ["sottovoceFFI"],
            swiftSettings: strict,
            linkerSettings: [
                .linkedFramework("CoreML", .when(platforms: [.iOS, .macOS])),
                .linkedLibrary("sottovoce_ffi", .when(platforms: [.linux])),
            ]
        ),
        .target(
            name: "ExampleAssistant", dependencies: ["Sottovoce"], path: "Example/Assistant", swiftSettings: strict),
        .target(name: "SottovoceTestSupport", dependencies: ["Sottovoce"], path: "Tests/Support"),
        .testTarget(name: "SottovoceTests", dependencies: ["Sottovoce", "SottovoceTestSupport"]),
        .testTarget(name: "ExampleAssistantTests", dependencies: ["ExampleAssistant", "SottovoceTestSupport"]),
    ] + exampleTargets
)
