//! Where the elements of an array with strides are: Core ML pads the rows of what the GPU and the Neural Engine hold.

use std::ops::Range;

/// Shape of an array, the distance between its elements along every axis, and the bytes of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    shape: Vec<usize>,
    /// In elements.
    strides: Vec<usize>,
    element: usize,
}

impl Layout {
    /// A layout of elements of `element` bytes. `None` when the strides are not one for each axis, or the array would not
    /// fit into memory.
    pub fn new(shape: Vec<usize>, strides: Vec<usize>, element: usize) -> Option<Self> {
        let layout = Self { shape, strides, element };
        (layout.shape.len() == layout.strides.len() && layout.checked_span().is_some()).then_some(layout)
    }

    /// The same elements at other distances. `None` as in [`Layout::new`].
    pub fn with_strides(&self, strides: Vec<usize>) -> Option<Self> {
        Self::new(self.shape.clone(), strides, self.element)
    }

    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Bytes from the first element to the end of the last.
    pub fn span(&self) -> usize {
        self.checked_span().unwrap_or_else(|| unreachable!("checked when it was made"))
    }

    fn checked_span(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(0usize, |sum, (&size, &stride)| sum.checked_add((size - 1).checked_mul(stride)?))?;
        last.checked_add(1)?.checked_mul(self.element)
    }

    /// The part `range` of an axis: where it begins, in bytes, and its layout. `None` when the array has no such part.
    pub fn narrow(&self, axis: usize, range: Range<usize>) -> Option<(usize, Self)> {
        let size = *self.shape.get(axis)?;
        if range.start > range.end || range.end > size {
            return None;
        }
        let mut part = self.clone();
        part.shape[axis] = range.len();
        let begin = if range.is_empty() { 0 } else { range.start * self.strides[axis] * self.element };
        Some((begin, part))
    }

    /// Copies the elements out of memory of this layout, one after the other in row-major order.
    ///
    /// # Panics
    /// When `from` is shorter than the span, or `to` has not as many bytes as there are in the elements.
    pub fn gather(&self, from: &[u8], to: &mut [u8]) {
        assert_eq!(to.len(), self.shape.iter().product::<usize>() * self.element, "bytes of the elements");
        let mut rest = to;
        self.runs(&mut |run| {
            let (head, tail) = std::mem::take(&mut rest).split_at_mut(run.len());
            head.copy_from_slice(&from[run]);
            rest = tail;
        });
    }

    /// Copies elements in row-major order into memory of this layout.
    ///
    /// # Panics
    /// As [`Layout::gather`], with the roles changed.
    pub fn scatter(&self, from: &[u8], to: &mut [u8]) {
        assert_eq!(from.len(), self.shape.iter().product::<usize>() * self.element, "bytes of the elements");
        let mut rest = from;
        self.runs(&mut |run| {
            let (head, tail) = rest.split_at(run.len());
            to[run].copy_from_slice(head);
            rest = tail;
        });
    }

    /// Calls `each` with the bytes of every stretch of elements that follow each other without a gap, in row-major order.
    fn runs(&self, each: &mut impl FnMut(Range<usize>)) {
        if self.shape.contains(&0) {
            return;
        }
        let (mut axes, mut run) = (self.shape.len(), 1);
        // An axis of size 1 has no step, whatever its stride says.
        while axes > 0 && (self.strides[axes - 1] == run || self.shape[axes - 1] == 1) {
            run *= self.shape[axes - 1];
            axes -= 1;
        }
        self.steps(axes, 0, 0, &mut |begin| {
            let begin = begin * self.element;
            each(begin..begin + run * self.element);
        });
    }

    /// Offsets of all indices of the axes from `axis` to `axes`, from `offset` on.
    fn steps(&self, axes: usize, axis: usize, offset: usize, each: &mut impl FnMut(usize)) {
        if axis == axes {
            return each(offset);
        }
        for index in 0..self.shape[axis] {
            self.steps(axes, axis + 1, offset + index * self.strides[axis], each);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layout(shape: &[usize], strides: &[usize]) -> Layout {
        Layout::new(shape.to_vec(), strides.to_vec(), 2).unwrap()
    }

    #[test]
    fn padded_rows_are_left_out() {
        // Two rows of three elements, each followed by a gap of one.
        let rows = layout(&[2, 3], &[4, 1]);
        let memory: Vec<u8> = (0..14).collect();
        assert_eq!(rows.span(), 14);
        let mut out = [0; 12];
        rows.gather(&memory, &mut out);
        assert_eq!(out, [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]);
        let mut back = vec![255; 14];
        rows.scatter(&out, &mut back);
        assert_eq!(back, [0, 1, 2, 3, 4, 5, 255, 255, 8, 9, 10, 11, 12, 13]);
    }

    #[test]
    fn positions_of_a_cache_are_a_part_of_it() {
        // [layers, 1, groups, positions, size] with rows of 3 in places of 32, as the Neural Engine keeps them.
        let cache = layout(&[2, 1, 2, 5, 3], &[320, 320, 160, 32, 1]);
        let (begin, part) = cache.narrow(3, 1..4).unwrap();
        assert_eq!((begin, part.shape()), (64, &[2, 1, 2, 3, 3][..]));
        assert_eq!(part.span() + begin, (320 + 160 + 3 * 32 + 3) * 2);
        assert_eq!(cache.narrow(3, 5..5).unwrap().1.span(), 0);
        assert_eq!((cache.narrow(3, 2..6), cache.narrow(5, 0..1)), (None, None));
    }

    #[test]
    fn what_cannot_be_a_layout_is_none() {
        assert_eq!(Layout::new(vec![2, 3], vec![1], 2), None);
        assert_eq!(layout(&[2, 3], &[3, 1]).with_strides(vec![usize::MAX, 1]), None);
        assert_eq!(layout(&[2, 3], &[3, 1]).with_strides(vec![4, 1]), Some(layout(&[2, 3], &[4, 1])));
        assert_eq!(Layout::new(vec![usize::MAX, 3], vec![3, 1], 2), None);
        assert_eq!(Layout::new(vec![2], vec![usize::MAX], 2), None);
        assert_eq!(layout(&[0, 3], &[usize::MAX, 1]).span(), 0);
        assert_eq!(layout(&[], &[]).span(), 2);
    }

    proptest! {
        /// Index by index, as Apple defines the place of a scalar: the sum of index times stride.
        #[test]
        fn elements_are_where_the_strides_say(
            sizes in prop::collection::vec((1usize..5, 0usize..3), 0..5),
            range in (0usize..5, 0usize..5),
        ) {
            // Row-major, with a gap after some axes.
            let mut strides = vec![0; sizes.len()];
            let mut next = 1;
            for (axis, (size, gap)) in sizes.iter().enumerate().rev() {
                strides[axis] = next;
                next *= size + gap;
            }
            let shape: Vec<usize> = sizes.iter().map(|(size, _)| *size).collect();
            let whole = layout(&shape, &strides);
            let memory: Vec<u8> = (0..whole.span()).map(|byte| (byte * 7 % 251) as u8).collect();
            let axis = shape.len() / 2;
            let part = match shape.get(axis) {
                Some(&size) => {
                    let (from, to) = (range.0.min(size), range.1.min(size));
                    whole.narrow(axis, from.min(to)..from.max(to)).unwrap()
                }
                None => (0, whole.clone()),
            };
            let (begin, part) = part;
            let count: usize = part.shape().iter().product();
            let mut expected = Vec::new();
            for number in 0..count {
                let (mut left, mut at) = (number, begin);
                for (size, stride) in part.shape().iter().zip(&strides).rev() {
                    at += left % size * stride * 2;
                    left /= size;
                }
                expected.extend_from_slice(&memory[at..at + 2]);
            }
            let mut found = vec![0; count * 2];
            part.gather(&memory[begin..], &mut found);
            prop_assert_eq!(&found, &expected);
            // What is put back changes nothing between the elements.
            let mut back = memory.clone();
            part.scatter(&found, &mut back[begin..]);
            prop_assert_eq!(back, memory);
        }
    }
}
