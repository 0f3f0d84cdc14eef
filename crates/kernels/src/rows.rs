//! Views of f32 matrices whose rows lie a stride apart.

use std::{marker::PhantomData, ops::Range};

/// A read-only matrix of f32: `rows` rows of `columns` elements, `stride` elements apart.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// Panics unless `rows` rows of `columns` elements, `stride` apart, fit in `len` elements.
fn check(len: usize, rows: usize, columns: usize, stride: usize) {
    assert!(columns <= stride || rows <= 1, "rows of {columns} elements overlap at a stride of {stride}");
    if rows > 0 {
        let needed = (rows - 1).checked_mul(stride).and_then(|start| start.checked_add(columns));
        assert!(
            needed.is_some_and(|needed| needed <= len),
            "{rows} rows of {columns}, stride {stride}, exceed {len} elements"
        );
    }
}

impl<'a> Rows<'a> {
    /// A view of `data`.
    ///
    /// # Panics
    /// When the rows overlap or do not fit in `data`.
    pub fn new(data: &'a [f32], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        Self { data, rows, columns, stride }
    }

    /// Rows without gaps.
    ///
    /// # Panics
    /// When `data` is not a whole number of rows.
    pub fn dense(data: &'a [f32], columns: usize) -> Self {
        let rows = data.len().checked_div(columns).unwrap_or(0);
        assert_eq!(rows * columns, data.len(), "not a whole number of rows of {columns}");
        Self::new(data, rows, columns, columns)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Elements from the start of a row to the start of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Row `row`.
    ///
    /// # Panics
    /// When there is no such row.
    #[inline]
    pub fn row(&self, row: usize) -> &'a [f32] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        &self.data[row * self.stride..][..self.columns]
    }
}

/// A writable matrix of f32: `rows` rows of `columns` elements, `stride` elements apart. The gaps between rows are not
/// touched through it, so that workers can hold views of different columns of one buffer.
#[derive(Debug)]
pub struct RowsMut<'a> {
    data: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: a `RowsMut` has exclusive access to the elements of its rows, like the `&mut [f32]` it is made from.
unsafe impl Send for RowsMut<'_> {}
// SAFETY: a shared `RowsMut` gives out no access to its elements but for the crate's own disjoint splits.
unsafe impl Sync for RowsMut<'_> {}

impl<'a> RowsMut<'a> {
    /// A view of `data`.
    ///
    /// # Panics
    /// When the rows overlap or do not fit in `data`.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize, stride: usize) -> Self {
        check(data.len(), rows, columns, stride);
        Self { data: data.as_mut_ptr(), rows, columns, stride, lifetime: PhantomData }
    }

    /// Rows without gaps.
    ///
    /// # Panics
    /// When `data` is not a whole number of rows.
    pub fn dense(data: &'a mut [f32], columns: usize) -> Self {
        let rows = data.len().checked_div(columns).unwrap_or(0);
        assert_eq!(rows * columns, data.len(), "not a whole number of rows of {columns}");
        Self::new(data, rows, columns, columns)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Elements from the start of a row to the start of the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Row `row`.
    ///
    /// # Panics
    /// When there is no such row.
    #[inline]
    pub fn row(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        // SAFETY: `check` saw the row inside the buffer, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(row * self.stride), self.columns) }
    }

    /// The start of row `row`.
    pub(crate) fn pointer(&mut self, row: usize) -> *mut f32 {
        self.row(row).as_mut_ptr()
    }

    /// The same rows, narrowed to `columns`.
    ///
    /// # Panics
    /// When the range exceeds the columns.
    pub fn columns_range(&mut self, columns: Range<usize>) -> RowsMut<'_> {
        // SAFETY: `&mut self` is borrowed for as long as the view lives.
        unsafe { self.share(0..self.rows, columns) }
    }

    /// A view of a part that may be used beside views of other parts.
    ///
    /// # Safety
    /// No two views that are alive together may overlap, and `self` may not be used through other methods meanwhile.
    pub(crate) unsafe fn share(&self, rows: Range<usize>, columns: Range<usize>) -> RowsMut<'_> {
        assert!(columns.start <= columns.end && columns.end <= self.columns, "columns {columns:?} of {}", self.columns);
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        RowsMut {
            data: self.data.wrapping_add(rows.start * self.stride + columns.start),
            rows: rows.len(),
            columns: columns.len(),
            stride: self.stride,
            lifetime: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_written_in_place() {
        let mut data = vec![0.0; 10];
        let mut rows = RowsMut::new(&mut data, 2, 4, 6);
        rows.columns_range(1..3).row(1).fill(7.0);
        assert_eq!(data, [0., 0., 0., 0., 0., 0., 0., 7., 7., 0.]);
    }

    #[test]
    #[should_panic(expected = "exceed 9 elements")]
    fn rows_beyond_the_buffer_are_refused() {
        RowsMut::new(&mut [0.0; 9], 2, 4, 6);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlapping_rows_are_refused() {
        RowsMut::new(&mut [0.0; 9], 2, 4, 3);
    }
}
