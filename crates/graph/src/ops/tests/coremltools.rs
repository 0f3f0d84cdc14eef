//! Every case of `fixtures/ops/ops.json`, which `tools/make_op_fixtures.py` makes with coremltools.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use sottovoce_tensor::{Bytes, DType, Tensor, pack_bits};

use super::{Given, Single};
use crate::{error::GraphError, ir::Dim, ops, ops::support::output};

#[derive(Deserialize)]
struct Case {
    op: String,
    what: String,
    args: BTreeMap<String, CaseArg>,
    results: Vec<CaseTensor>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CaseArg {
    Text(String),
    List(Vec<CaseTensor>),
    Tensor(CaseTensor),
}

#[derive(Deserialize)]
struct CaseTensor {
    dtype: String,
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl CaseTensor {
    fn tensor(&self) -> Tensor {
        let dtype = DType::from_name(&self.dtype).unwrap();
        let whole = || self.data.iter().map(|&value| value as i64);
        if dtype.is_float() {
            Tensor::from_f32(dtype, self.shape.clone(), &self.data.iter().map(|&v| v as f32).collect::<Vec<_>>())
                .unwrap()
        } else if dtype.is_sub_byte() {
            let codes: Vec<u8> = whole().map(|value| value as u8).collect();
            Tensor::new(dtype, self.shape.clone(), Bytes::copy_from(&pack_bits(&codes, dtype.bits()))).unwrap()
        } else {
            output::integers(dtype, &self.shape, &whole().collect::<Vec<_>>()).unwrap()
        }
    }
}

fn cases() -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/ops/ops.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn args(case: &Case, flexible: Option<&str>) -> Vec<(String, Given)> {
    let given = |name: &str, arg: &CaseArg| match arg {
        CaseArg::Text(text) => Given::Text(text.clone().leak()),
        CaseArg::List(list) => Given::List(list.iter().map(CaseTensor::tensor).collect()),
        CaseArg::Tensor(tensor) if flexible == Some(name) => Given::Flexible(tensor.tensor()),
        CaseArg::Tensor(tensor) => Given::Constant(tensor.tensor()),
    };
    case.args.iter().map(|(name, arg)| (name.clone(), given(name, arg))).collect()
}

fn single(case: &Case, flexible: Option<&str>) -> Result<Single, GraphError> {
    let args = args(case, flexible);
    let args: Vec<_> = args.iter().map(|(name, given)| (name.as_str(), given.clone())).collect();
    Single::new(&case.op, &args)
}

/// Two roundings of the result type: ours, and coremltools' where it computes in that type. Sums over the 40 products
/// of the longest reduction add up to as many f32 roundings; coremltools computes f16 cases in f16 throughout, with
/// terms up to four times the result.
fn tolerance(dtype: DType) -> (f32, f32) {
    match dtype {
        DType::F16 => (8.0 * 0.000_488, 4.0 * 0.000_488),
        _ => (4e-6, 4e-6),
    }
}

fn assert_same(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}: shape");
    assert_eq!(found.dtype(), expected.dtype(), "{what}: type");
    if !expected.dtype().is_float() {
        assert_eq!(found.to_i64_vec(), expected.to_i64_vec(), "{what}");
        return;
    }
    let (relative, absolute) = tolerance(expected.dtype());
    for (index, (a, b)) in found.to_f32_vec().into_iter().zip(expected.to_f32_vec()).enumerate() {
        assert!((a - b).abs() <= relative * b.abs() + absolute, "{what}: element {index}: {a} instead of {b}");
    }
}

#[test]
fn results_are_those_of_coremltools() {
    for case in cases() {
        let what = format!("{}, {}", case.op, case.what);
        let single = single(&case, None).unwrap_or_else(|error| panic!("{what}: {error}"));
        let results = single.run(false).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(results.len(), case.results.len(), "{what}: number of results");
        for ((found, expected), fact) in results.iter().zip(&case.results).zip(single.facts()) {
            let expected = expected.tensor();
            assert_same(&what, found, &expected);
            // What inference knows of the elements has to be what they are.
            if let Some(value) = fact.value {
                let known: Vec<i64> = value.iter().map(|dim| dim.as_const().unwrap()).collect();
                assert_eq!(known, expected.to_i64_vec(), "{what}: inferred elements");
            }
        }
    }
}

#[test]
fn exact_mode_keeps_f16_results_in_f32() {
    for case in cases() {
        let what = format!("{}, {}", case.op, case.what);
        for (found, expected) in single(&case, None).unwrap().run(true).unwrap().iter().zip(&case.results) {
            let expected = expected.tensor();
            assert_eq!(found.shape(), expected.shape(), "{what}");
            for (a, b) in found.to_f32_vec().into_iter().zip(expected.to_f32_vec()) {
                let (relative, absolute) = tolerance(expected.dtype());
                assert!((a - b).abs() <= relative * b.abs() + absolute, "{what}: {a} instead of {b}");
            }
        }
    }
}

/// With the sizes of the main argument unknown when the graph is built, the inferred shape is an expression. The
/// interpreter evaluates it for the call and compares it with the result.
#[test]
fn shapes_are_inferred_for_flexible_sizes_too() {
    let mut refused = BTreeMap::new();
    for case in cases().into_iter().filter(|case| !case.op.starts_with("constexpr_")) {
        let main = ops::find(&case.op).unwrap().params[0].name;
        let Some(CaseArg::Tensor(tensor)) = case.args.get(main) else { continue };
        // A shape vector or a scalar has no flexible sizes worth testing.
        if tensor.shape.len() < 2 {
            continue;
        }
        let what = format!("{}, {}", case.op, case.what);
        match single(&case, Some(main)) {
            Ok(single) => {
                let results = single.run(false).unwrap_or_else(|error| panic!("{what}: {error}"));
                for (found, expected) in results.iter().zip(&case.results) {
                    assert_same(&what, found, &expected.tensor());
                }
                assert!(single.facts().iter().all(|fact| fact.shape.iter().all(|dim| *dim != Dim::from(-1i64))));
            }
            Err(error) => _ = refused.insert(what, error.to_string()),
        }
    }
    let refused: Vec<&str> = refused.keys().map(String::as_str).collect();
    // A backward slice with bounds clamps in ways that no expression here has.
    assert_eq!(refused, ["slice_by_index, backward with bounds"]);
}
