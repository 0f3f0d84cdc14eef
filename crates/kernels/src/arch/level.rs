/// The functions of a level, with the names and parameters of those in [`super::scalar`]: each is compiled for the level's
/// features, and everything it calls is inlined into it. Levels that differ in products of bytes alone have only `integers`
/// of their own.
macro_rules! level {
    ($simd:ty, $features:literal) => {
        $crate::arch::level::level!($simd, $features, rows:
            rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]);
            layer_norm(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]);
            rotary(head: &mut [f32], cos: &[f32], sin: &[f32], pairs: crate::RotaryPairs);
            gate(gate: crate::Gate, x: &[f32], up: &[f32], out: &mut [f32]);
            softmax(x: &mut [f32]);
            add(x: &mut [f32], y: &[f32]);
            scale(x: &mut [f32], scale: f32);
            soft_cap(x: &mut [f32], factor: f32, cap: f32);
            to_f16(x: &[f32], out: &mut [half::f16]);
            to_f32(x: &[half::f16], out: &mut [f32]);
            max(x: &[f32]) -> f32;
            quantize(x: &[f32], out: &mut crate::activations::QuantizedRow<'_>));
        $crate::arch::level::level!($simd, $features, float:
            linear(weights: &crate::PackedLinear, x: crate::Rows<'_>, features: std::ops::Range<usize>,
                out: &mut crate::RowsMut<'_>, epilogue: crate::Epilogue);
            row(weights: &crate::PackedLinear, row: usize, out: &mut [f32]));
        $crate::arch::level::level!($simd, $features, attention:
            few(attention: &crate::attention::Attention<'_>, kv_head: usize, first: usize, partials: &mut [f32]);
            join(partials: &[f32], step: usize, count: usize, out: &mut [f32]);
            turn_keys(cache: &crate::Cache<'_>, kv_head: usize, first: usize, out: &mut [f32]);
            tile(attention: &crate::attention::Attention<'_>, head: usize, first: usize, keys: &[f32],
                work: &mut [f32], out: &mut crate::RowsMut<'_>));
        $crate::arch::level::level!($simd, $features, attention_rounded:
            round_chunk(cache: &crate::Cache<'_>, kv_head: usize, first: usize,
                out: &mut crate::attention::RoundedChunkMut<'_>);
            tile(attention: &crate::attention::Attention<'_>, kv_head: usize, first: usize,
                cache: &crate::attention::RoundedHead<'_>, work: (&mut [f32], &mut [i32]),
                out: &crate::RowsMut<'_>));
        $crate::arch::level::level!(integers of $simd, $features);
    };
    (integers of $simd:ty, $features:literal) => {
        $crate::arch::level::level!($simd, $features, limits:
            multiply_bytes(rounds: usize) -> u64;
            multiply_floats(rounds: usize) -> u64;
            sum(x: &[f32]) -> f32);
        $crate::arch::level::level!($simd, $features, integer:
            linear(weights: &crate::PackedLinear, x: &crate::QuantizedRows, features: std::ops::Range<usize>,
                out: &mut crate::RowsMut<'_>, epilogue: crate::Epilogue));
    };
    ($simd:ty, $features:literal, $module:ident:
        $($name:ident($($parameter:ident: $type:ty),* $(,)?) $(-> $result:ty)?);*) => {
        pub(crate) mod $module {
            $(
                /// # Safety
                /// The CPU must have the level's features; lengths are checked by the caller.
                #[target_feature(enable = $features)]
                pub(crate) unsafe fn $name($($parameter: $type),*) $(-> $result)? {
                    crate::arch::generic::$module::$name::<$simd>($($parameter),*)
                }
            )*
        }
    };
}
pub(crate) use level;
