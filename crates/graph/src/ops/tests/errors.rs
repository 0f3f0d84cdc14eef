//! Arguments that do not fit: a message that says what is wrong, from inference where it can know, else from
//! evaluation.

use sottovoce_tensor::{DType, Tensor};

use super::{Given, Single, counting, eval, int, ints};

fn message(name: &str, args: &[(&str, Given)]) -> String {
    match eval(name, args) {
        Ok(result) => panic!("{name} was accepted: {result:?}"),
        Err(error) => error.to_string(),
    }
}

fn x(shape: &[usize]) -> (&'static str, Given) {
    ("x", Given::Constant(counting(shape)))
}

#[test]
fn arguments_that_do_not_fit_are_named() {
    let y = |shape: &[usize]| ("y", Given::Constant(counting(shape)));
    let constant = |tensor: Tensor| Given::Constant(tensor);
    let half = Tensor::from_f32(DType::F16, [1, 1], &[1.0]).unwrap();
    for (name, args, expected) in [
        ("add", vec![x(&[2, 3]), y(&[2, 4])], "broadcast: sizes 3 and 4"),
        (
            "add",
            vec![x(&[2]), ("y", ints(&[1, 2]))],
            "argument 'y': expected elements of the type of 'x', fp32, found int32",
        ),
        ("add", vec![x(&[2])], "argument 'y' is missing"),
        ("floor_div", vec![("x", ints(&[1])), ("y", ints(&[0]))], "division by zero"),
        ("cast", vec![x(&[2]), ("dtype", Given::Text("string"))], "argument 'dtype'"),
        ("gelu", vec![x(&[2]), ("mode", Given::Text("tanh"))], "argument 'mode': expected EXACT"),
        (
            "gather",
            vec![x(&[4]), ("indices", ints(&[4])), ("axis", int(0))],
            "indices below 4, the size of the axis, found 4",
        ),
        ("gather", vec![x(&[4]), ("indices", ints(&[-5]))], "found -5"),
        (
            "gather",
            vec![
                x(&[4]),
                ("indices", ints(&[-1])),
                ("validate_indices", constant(Tensor::from_bools([], &[true]).unwrap())),
            ],
            "found -1",
        ),
        ("gather", vec![x(&[4]), ("indices", ints(&[0])), ("axis", int(1))], "argument 'axis'"),
        ("gather", vec![x(&[4]), ("indices", ints(&[0])), ("batch_dims", int(1))], "argument 'batch_dims'"),
        ("transpose", vec![x(&[2, 3]), ("perm", ints(&[0, 0]))], "each axis once"),
        ("transpose", vec![x(&[2, 3]), ("perm", ints(&[0]))], "2 entries, one per dimension"),
        ("reshape", vec![x(&[2, 3]), ("shape", ints(&[4, 2]))], "number of elements: sizes 6 and 8"),
        ("reshape", vec![x(&[2, 3]), ("shape", ints(&[4, -1]))], "number of elements"),
        ("reshape", vec![x(&[2, 3]), ("shape", ints(&[-1, -1]))], "at most one -1"),
        ("squeeze", vec![x(&[2, 3]), ("axes", ints(&[0]))], "a dimension that is squeezed"),
        ("expand_dims", vec![x(&[2]), ("axes", ints(&[3]))], "argument 'axes'"),
        ("matmul", vec![x(&[2, 3]), y(&[2, 3])], "inner sizes of a matrix product: sizes 3 and 2"),
        ("linear", vec![x(&[2, 3]), ("weight", constant(counting(&[4, 2])))], "inner sizes"),
        (
            "concat",
            vec![("values", Given::List(vec![counting(&[2]), counting(&[2, 1])])), ("axis", int(0))],
            "type and rank",
        ),
        ("concat", vec![("values", Given::List(vec![])), ("axis", int(0))], "argument 'values' is missing"),
        ("stack", vec![("values", Given::List(vec![counting(&[2]), counting(&[3])])), ("axis", int(0))], "stacked"),
        ("split", vec![x(&[5]), ("num_splits", int(2)), ("axis", int(0))], "sum of the split sizes"),
        ("split", vec![x(&[5]), ("num_splits", int(0)), ("axis", int(0))], "argument 'num_splits'"),
        ("split", vec![x(&[5]), ("num_splits", int(i32::MAX)), ("axis", int(0))], "argument 'num_splits'"),
        ("tile", vec![x(&[2]), ("reps", ints(&[0]))], "repetitions of 1 or more"),
        ("tile", vec![x(&[2, 2]), ("reps", ints(&[i32::MAX, i32::MAX]))], "more than 536870912 elements"),
        ("fill", vec![("shape", ints(&[i32::MAX, i32::MAX, i32::MAX]))], "more than 536870912 elements"),
        ("fill", vec![("shape", ints(&[-1]))], "not negative"),
        ("range_1d", vec![("start", int(0)), ("end", int(3)), ("step", int(0))], "argument 'step'"),
        (
            "slice_by_index",
            vec![x(&[2, 3]), ("begin", ints(&[0])), ("end", ints(&[1]))],
            "argument 'begin': expected 2 entries",
        ),
        (
            "slice_by_index",
            vec![x(&[3]), ("begin", ints(&[0])), ("end", ints(&[1])), ("stride", ints(&[0]))],
            "strides other than 0",
        ),
        ("slice_by_size", vec![x(&[3]), ("begin", ints(&[1])), ("size", ints(&[3]))], "a slice inside its dimension"),
        (
            "slice_update",
            vec![x(&[3]), ("update", constant(counting(&[2]))), ("begin", ints(&[0])), ("end", ints(&[3]))],
            "slice and its update: sizes 3 and 2",
        ),
        (
            "layer_norm",
            vec![x(&[2, 3]), ("axes", ints(&[-1])), ("gamma", constant(counting(&[2])))],
            "scale and offset",
        ),
        (
            "constexpr_blockwise_shift_scale",
            vec![("data", constant(Tensor::zeros(DType::I4, [3, 2]).unwrap())), ("scale", constant(counting(&[2, 1])))],
            "divide the data",
        ),
        (
            "constexpr_lut_to_dense",
            vec![
                ("indices", constant(Tensor::zeros(DType::U2, [4]).unwrap())),
                ("lut", constant(counting(&[1, 3, 1]))),
            ],
            "one entry for every index",
        ),
        (
            "constexpr_lut_to_dense",
            vec![
                ("indices", constant(Tensor::zeros(DType::I4, [4]).unwrap())),
                ("lut", constant(counting(&[1, 16, 1]))),
            ],
            "its unsigned type can hold: sizes [4] of int4",
        ),
        (
            "constexpr_lut_to_dense",
            vec![
                ("indices", constant(Tensor::zeros(DType::U2, [4]).unwrap())),
                ("lut", constant(counting(&[1, 4, 2]))),
            ],
            "argument 'vector_axis' is missing",
        ),
        (
            "constexpr_sparse_to_dense",
            vec![
                ("nonzero_data", constant(half.reshape([1]).unwrap())),
                ("mask", constant(Tensor::zeros(DType::U1, [4]).unwrap())),
            ],
            "set positions of the mask and values: sizes 0 and 1",
        ),
    ] {
        let found = message(name, &args);
        assert!(found.contains(expected) && found.contains(name), "{name}: expected '{expected}' in '{found}'");
    }
}

#[test]
fn an_index_that_a_squeeze_drops_has_to_exist() {
    let squeeze = Given::Constant(Tensor::from_bools([1], &[true]).unwrap());
    let args = [x(&[3]), ("begin", ints(&[3])), ("end", ints(&[0])), ("squeeze_mask", squeeze)];
    assert!(message("slice_by_index", &args).contains("argument 'begin'"));
}

#[test]
fn slices_by_data_are_refused_when_the_graph_is_built() {
    let end = ("end", Given::Input(Tensor::from_slice([1], &[2i32]).unwrap()));
    let error = Single::new("slice_by_index", &[x(&[3]), ("begin", ints(&[0])), end]).err().unwrap().to_string();
    assert!(error.contains("'end' depends on data"), "{error}");
}

/// An update goes where an input says; one that does not fit there is an error when it runs.
#[test]
fn updates_by_data_are_checked_when_they_run() {
    let at = |name: &'static str, position: i32| (name, Given::Input(Tensor::from_slice([1], &[position]).unwrap()));
    let run = |begin: i32, end: i32| {
        let update = ("update", Given::Constant(Tensor::from_slice([2], &[7f32, 8.0]).unwrap()));
        Single::new("slice_update", &[x(&[5]), update, at("begin", begin), at("end", end)]).unwrap().run(false)
    };
    assert_eq!(run(2, 4).unwrap()[0].to_f32_vec(), [0.0, 1.0, 7.0, 8.0, 4.0]);
    let error = run(4, 6).unwrap_err().to_string();
    assert!(error.contains("slice and its update"), "{error}");
}
