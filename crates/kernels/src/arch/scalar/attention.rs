use crate::{RowsMut, attention::Attention};

/// All rows of one query head.
pub(crate) fn head(attention: &Attention<'_>, head: usize, out: &mut RowsMut<'_>) {
    let Attention { queries, cache, mask, options } = attention;
    let dim = cache.head_dim;
    let kv_head = head * cache.kv_heads / attention.heads();
    let at = |position: usize| kv_head * cache.head_stride + position * cache.position_stride;
    let mut scores = vec![0.0f32; cache.len];
    for row in 0..queries.rows() {
        let query = &queries.row(row)[head * dim..][..dim];
        for (position, score) in scores.iter_mut().enumerate() {
            let key = &cache.keys[at(position)..][..dim];
            let dot: f32 = query.iter().zip(key).map(|(q, k)| q * k.to_f32()).sum();
            let scaled = dot * options.scale;
            let capped = options.soft_cap.map_or(scaled, |cap| cap * (scaled / cap).tanh());
            *score = capped + mask.map_or(0.0, |mask| mask.data[row * mask.stride + position].to_f32());
        }
        super::rows::softmax(&mut scores);
        let out = out.row(row);
        out.fill(0.0);
        for (position, score) in scores.iter().enumerate() {
            let value = &cache.values[at(position)..][..dim];
            out.iter_mut().zip(value).for_each(|(out, v)| *out += score * v.to_f32());
        }
    }
}
