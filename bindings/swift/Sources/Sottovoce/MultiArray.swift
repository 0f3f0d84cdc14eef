import Foundation

/// A number that a package takes.
public protocol ArrayElement {
    static var elementType: ElementType { get }
}

extension Float: ArrayElement {
    public static var elementType: ElementType { .float32 }
}

extension Double: ArrayElement {
    public static var elementType: ElementType { .float64 }
}

extension Int32: ArrayElement {
    public static var elementType: ElementType { .int32 }
}

extension Int8: ArrayElement {
    public static var elementType: ElementType { .int8 }
}

#if !(os(macOS) && arch(x86_64))
    extension Float16: ArrayElement {
        public static var elementType: ElementType { .float16 }
    }
#endif

extension MultiArray {
    /// An array of these elements, in row-major order.
    public init<Element: ArrayElement>(_ elements: [Element], shape: [Int]) {
        self.init(
            elementType: Element.elementType,
            shape: shape.map(UInt64.init),
            data: elements.withUnsafeBytes { Data($0) })
    }

    /// Its elements; `nil` where they are of another type.
    public func elements<Element: ArrayElement>(of type: Element.Type = Element.self) -> [Element]? {
        guard elementType == Element.elementType else { return nil }
        return data.withUnsafeBytes { [Element]($0.bindMemory(to: Element.self)) }
    }
}

/// Samples of sound as bytes.
func soundBytes(_ samples: UnsafeBufferPointer<Float>) -> Data {
    Data(buffer: samples)
}

/// Bytes of sound as samples.
func soundSamples(_ sound: Data) -> [Float] {
    sound.withUnsafeBytes { [Float]($0.bindMemory(to: Float.self)) }
}
