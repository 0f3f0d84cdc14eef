//! Quantised sources carried over: their codes as they are, their scales and minima as f16 scales and offsets.

use half::f16;
use sottovoce_tensor::DType;

use super::Form;
use crate::weights::{Group, WeightFormat};

/// The form that holds the codes of a quantised format. Codes of 5 and 6 bits go into bytes.
pub(super) fn form(source: WeightFormat) -> Form {
    let codes = match (source.code_bits() <= 4, source.has_minimum()) {
        (true, false) => DType::I4,
        (true, true) => DType::U4,
        (false, false) => DType::I8,
        (false, true) => DType::U8,
    };
    Form::Blocks { codes, block: source.group_len(), offsets: source.has_minimum() }
}

/// f16 scale and offset for a group, `scale·(code − offset)`; may replace the codes of a group that is nearly constant.
pub(super) fn group(group: Group, codes: &mut [i8], offsets: bool) -> (f16, f16) {
    let scale = f16::from_f32(group.scale);
    if !offsets {
        // A scale too large for f16 can only belong to codes of zero: the weights were checked to be finite.
        return (if scale.is_finite() { scale } else { f16::ZERO }, f16::ZERO);
    }
    // −shift/scale keeps eleven significant bits. Where the minimum is many steps away from zero that loses more than
    // forgetting the codes does: then, and for scale 0, the group becomes the constant in its middle, exactly ±1 × f16.
    let offset = f16::from_f32(-group.shift / scale.to_f32());
    let kept = move |code: i8| scale.to_f32() * (f32::from(code) - offset.to_f32());
    let error = |code: i8, value: f32| (group.scale * f32::from(code) + group.shift - value).abs();
    let (low, high) = (codes.iter().copied().min().unwrap_or(0), codes.iter().copied().max().unwrap_or(0));
    let middle = f16::from_f32(group.shift + group.scale * (f32::from(low) + f32::from(high)) / 2.0);
    let constant_error = error(low, middle.to_f32()).max(error(high, middle.to_f32()));
    let kept_error = error(low, kept(low)).max(error(high, kept(high)));
    // Written so that a NaN error, from scale 0 or an infinite offset, chooses the constant.
    if kept_error <= constant_error {
        return (scale, offset);
    }
    codes.fill(0);
    let sign = if middle.is_sign_negative() { f16::ONE } else { f16::NEG_ONE };
    (f16::from_f32(middle.to_f32().abs()), sign)
}
