//! Properties that hold for every input.

use proptest::prelude::*;
use sottovoce_tensor::Tensor;

use super::{Given, Single, counting, eval, int, ints};

fn shape(rank: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0usize..5, rank)
}

fn shape_and_perm() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    shape(1..=4).prop_flat_map(|shape| {
        let axes: Vec<usize> = (0..shape.len()).collect();
        (Just(shape), Just(axes).prop_shuffle())
    })
}

fn as_ints(values: &[usize]) -> Given {
    ints(&values.iter().map(|&value| value as i32).collect::<Vec<_>>())
}

/// Elements of `begin:end:stride` by NumPy's definition: walk from the start, stop at the end or outside.
fn naive_slice(len: i64, begin: Option<i64>, end: Option<i64>, stride: i64) -> Vec<f32> {
    let wrap = |at: i64| if at < 0 { at + len } else { at };
    let mut at = begin.map_or(if stride > 0 { 0 } else { len - 1 }, wrap);
    // A start beyond the ends is moved onto the nearest position that the walk can begin from.
    at = if stride > 0 { at.max(0) } else { at.min(len - 1) };
    let end = end.map_or(if stride > 0 { len } else { -1 }, |end| {
        let end = wrap(end);
        if stride > 0 { end } else { end.max(-1) }
    });
    let mut picked = Vec::new();
    while (0..len).contains(&at) && (if stride > 0 { at < end } else { at > end }) {
        picked.push(at as f32);
        at += stride;
    }
    picked
}

proptest! {
    #[test]
    fn transposing_back_gives_the_tensor((shape, perm) in shape_and_perm()) {
        let x = counting(&shape);
        let moved = eval("transpose", &[("x", Given::Constant(x.clone())), ("perm", as_ints(&perm))]).unwrap();
        let mut back = vec![0; perm.len()];
        perm.iter().enumerate().for_each(|(index, &axis)| back[axis] = index);
        prop_assert_eq!(eval("transpose", &[("x", Given::Constant(moved)), ("perm", as_ints(&back))]).unwrap(), x);
    }

    #[test]
    fn slices_are_what_walking_gives(
        len in 1usize..8,
        begin in prop::option::of(-10i32..10),
        end in prop::option::of(-10i32..10),
        stride in prop_oneof![-4i32..=-1, 1i32..=4],
    ) {
        let flag = |open: bool| Given::Constant(Tensor::from_bools([1], &[open]).unwrap());
        let args = |x: Given| [
            ("x", x),
            ("begin", ints(&[begin.unwrap_or(3)])),
            ("end", ints(&[end.unwrap_or(3)])),
            ("stride", ints(&[stride])),
            ("begin_mask", flag(begin.is_none())),
            ("end_mask", flag(end.is_none())),
        ];
        let expected = naive_slice(len as i64, begin.map(i64::from), end.map(i64::from), stride.into());
        let found = eval("slice_by_index", &args(Given::Constant(counting(&[len])))).unwrap();
        prop_assert_eq!(found.to_f32_vec(), expected.clone());
        // And with a length that is only known at run time, where that is supported.
        if let Ok(single) = Single::new("slice_by_index", &args(Given::Flexible(counting(&[len])))) {
            match single.run(false) {
                Ok(found) => prop_assert_eq!(found[0].to_f32_vec(), expected),
                Err(error) => prop_assert!(error.to_string().contains("in order"), "{}", error),
            }
        }
    }

    #[test]
    fn updating_a_slice_changes_that_slice_alone(
        (len, begin, end) in (1usize..8).prop_flat_map(|len| (Just(len), 0..len)).prop_flat_map(|(len, begin)| {
            (Just(len), Just(begin), begin + 1..=len)
        }),
    ) {
        let x = counting(&[2, len]);
        let bounds = [("begin", ints(&[0, begin as i32])), ("end", ints(&[2, end as i32]))];
        let update = Tensor::from_slice([2, end - begin], &vec![-1f32; 2 * (end - begin)]).unwrap();
        let mut args = vec![("x", Given::Constant(x.clone())), ("update", Given::Constant(update.clone()))];
        args.extend(bounds.clone());
        let changed = eval("slice_update", &args).unwrap();
        for (index, (old, new)) in x.to_f32_vec().into_iter().zip(changed.to_f32_vec()).enumerate() {
            prop_assert_eq!(new, if (begin..end).contains(&(index % len)) { -1.0 } else { old });
        }
        let mut args = vec![("x", Given::Constant(changed))];
        args.extend(bounds);
        prop_assert_eq!(eval("slice_by_index", &args).unwrap(), update);
    }

    #[test]
    fn broadcasting_repeats((shape, flat) in shape(1..=4).prop_flat_map(|shape| {
        let rank = shape.len();
        (Just(shape), prop::collection::vec(any::<bool>(), rank))
    })) {
        let small: Vec<usize> = shape.iter().zip(&flat).map(|(&dim, &flat)| if flat { 1 } else { dim }).collect();
        let reps: Vec<usize> = shape.iter().zip(&flat).map(|(&dim, &flat)| if flat { dim.max(1) } else { 1 }).collect();
        prop_assume!(!shape.contains(&0));
        let (x, y) = (counting(&shape), counting(&small));
        let repeated = eval("tile", &[("x", Given::Constant(y.clone())), ("reps", as_ints(&reps))]).unwrap();
        let direct = eval("sub", &[("x", Given::Constant(x.clone())), ("y", Given::Constant(y))]).unwrap();
        prop_assert_eq!(eval("sub", &[("x", Given::Constant(x)), ("y", Given::Constant(repeated))]).unwrap(), direct);
    }

    #[test]
    fn splitting_undoes_concatenation(sizes in prop::collection::vec(1usize..4, 1..4), axis in 0usize..3) {
        let part = |&size: &usize| {
            let mut shape = [2, 3, 2];
            shape[axis] = size;
            counting(&shape)
        };
        let parts: Vec<Tensor> = sizes.iter().map(part).collect();
        let whole = eval("concat", &[("values", Given::List(parts.clone())), ("axis", int(axis as i32))]).unwrap();
        let args = [("x", Given::Constant(whole)), ("split_sizes", as_ints(&sizes)), ("axis", int(axis as i32))];
        prop_assert_eq!(Single::new("split", &args).unwrap().run(false).unwrap(), parts);
    }

    #[test]
    fn gathering_every_index_gives_the_tensor(shape in prop::collection::vec(1usize..5, 1..4), axis in 0usize..3) {
        prop_assume!(axis < shape.len());
        let x = counting(&shape);
        let all: Vec<usize> = (0..shape[axis]).collect();
        let args = [("x", Given::Constant(x.clone())), ("indices", as_ints(&all)), ("axis", int(axis as i32))];
        prop_assert_eq!(eval("gather", &args).unwrap(), x);
    }

    #[test]
    fn products_are_sums_of_products(m in 1usize..4, k in 0usize..40, n in 1usize..4, transpose in any::<bool>()) {
        let (x, y) = (counting(&[m, k]), counting(&if transpose { [n, k] } else { [k, n] }));
        let (a, b) = (x.to_f32_vec(), y.to_f32_vec());
        let at = |row: usize, column: usize| if transpose { b[column * k + row] } else { b[row * n + column] };
        let sum = |row: usize, column: usize| (0..k).map(|inner| a[row * k + inner] * at(inner, column)).sum::<f32>();
        let expected: Vec<f32> = (0..m * n).map(|index| sum(index / n, index % n)).collect();
        let flag = Given::Constant(Tensor::from_bools([], &[transpose]).unwrap());
        let args = [("x", Given::Constant(x)), ("y", Given::Constant(y)), ("transpose_y", flag)];
        // Whole numbers: sums below 2^24 are exact in any order.
        prop_assert_eq!(eval("matmul", &args).unwrap().to_f32_vec(), expected);
    }
}
