//! Lanes: the elements of a tensor along one axis.

/// Passes every lane along `axis` to `f` as one slice and stores what it leaves there.
pub fn for_each_mut<T: Copy>(data: &mut [T], shape: &[usize], axis: usize, mut f: impl FnMut(&mut [T])) {
    let (len, step) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
    if data.is_empty() {
        return;
    }
    if step == 1 {
        return data.chunks_exact_mut(len).for_each(f);
    }
    let mut lane = Vec::with_capacity(len);
    for block in data.chunks_exact_mut(len * step) {
        for first in 0..step {
            lane.clear();
            lane.extend(block[first..].iter().step_by(step));
            f(&mut lane);
            for (target, &value) in block[first..].iter_mut().step_by(step).zip(&lane) {
                *target = value;
            }
        }
    }
}
