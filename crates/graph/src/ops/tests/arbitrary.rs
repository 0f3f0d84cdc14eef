//! Arguments of any type, shape and value: an operation may refuse them, but it may not panic, and what its shape rule
//! says has to be what it computes (the interpreter compares the two).

use proptest::{prelude::*, sample};
use sottovoce_tensor::{Bytes, DType, Tensor};

use super::{Given, Single};
use crate::{op::Param, ops, ops::support::output};

/// Small numbers that are often valid, and the ends of the types.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -3i64..6, 1 => sample::select(vec![i64::MIN, i64::MAX, i32::MIN.into(), i32::MAX.into(), 1 << 40])]
}

fn tensor() -> impl Strategy<Value = Tensor> {
    let dtype = prop_oneof![
        4 => Just(DType::I32),
        4 => Just(DType::F32),
        2 => Just(DType::Bool),
        2 => Just(DType::F16),
        2 => sample::select(DType::ALL.to_vec()),
    ];
    let shape = prop_oneof![3 => prop::collection::vec(1usize..4, 0..=2), 1 => prop::collection::vec(0usize..5, 0..=4)];
    (dtype, shape, prop::collection::vec(number(), 1..8)).prop_map(|(dtype, shape, values)| {
        let len: usize = shape.iter().product();
        let values: Vec<i64> = values.into_iter().cycle().take(len).collect();
        if dtype.is_float() {
            Tensor::from_f32(dtype, shape, &values.iter().map(|&value| value as f32 / 2.0).collect::<Vec<_>>()).unwrap()
        } else if dtype.is_sub_byte() {
            let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
            Tensor::new(dtype, shape, Bytes::copy_from(&bytes[..dtype.packed_len(len).unwrap()])).unwrap()
        } else {
            output::integers(dtype, &shape, &values).unwrap()
        }
    })
}

fn text() -> impl Strategy<Value = &'static str> {
    sample::select(vec!["fp16", "fp32", "int32", "uint8", "bool", "uint4", "EXACT", "TANH_APPROXIMATION", ""])
}

fn argument(param: Param) -> impl Strategy<Value = Option<(&'static str, Given)>> {
    let given = if param.variadic {
        prop::collection::vec(tensor(), 0..4).prop_map(Given::List).boxed()
    } else if ["dtype", "mode", "output_dtype"].contains(&param.name) {
        text().prop_map(Given::Text).boxed()
    } else {
        prop_oneof![
            6 => tensor().prop_map(Given::Constant),
            2 => tensor().prop_map(Given::Flexible),
            1 => tensor().prop_map(Given::Input),
            1 => text().prop_map(Given::Text),
        ]
        .boxed()
    };
    let present = if param.required { 0.95 } else { 0.5 };
    prop::option::weighted(present, given).prop_map(move |given| given.map(|given| (param.name, given)))
}

fn call() -> impl Strategy<Value = (&'static str, Vec<(&'static str, Given)>)> {
    sample::select(ops::of_programs().collect::<Vec<_>>()).prop_flat_map(|op| {
        let args: Vec<_> = op.params.iter().map(|&param| argument(param)).collect();
        args.prop_map(move |args| (op.name, args.into_iter().flatten().collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_argument_makes_an_operation_panic((name, args) in call()) {
        let Ok(single) = Single::new(name, &args) else { return Ok(()) };
        for exact in [false, true] {
            if let Err(error) = single.run(exact) {
                prop_assert!(!error.to_string().contains("the shape rule and the result"), "{}", error);
            }
        }
    }
}
