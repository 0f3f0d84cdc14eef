//! Sampling spelled out: everything is sorted, counted and compared anew for every token.

use sottovoce_llm::sampling::Sampling;

/// A token and the exponent of its weight.
type Entry = (u32, f64);

fn weight(&(_, exponent): &Entry) -> f64 {
    exponent.exp()
}

fn total(list: &[Entry]) -> f64 {
    list.iter().map(weight).sum()
}

fn scores(logits: &[f32], sampling: &Sampling, history: &[u32]) -> Vec<f32> {
    let mut scores = logits.to_vec();
    for &(id, bias) in &sampling.logit_bias {
        scores[id as usize] += bias;
    }
    let last = |window: Option<usize>| &history[history.len() - window.unwrap_or(usize::MAX).min(history.len())..];
    let penalties = &sampling.penalties;
    for (id, score) in (0..).zip(&mut scores) {
        let count = last(penalties.window).iter().filter(|&&seen| seen == id).count();
        if count > 0 {
            *score = if *score > 0.0 { *score / penalties.repetition } else { *score * penalties.repetition };
            *score -= penalties.presence + penalties.frequency * count as f32;
        }
    }
    let Some(dry) = &sampling.dry else { return scores };
    let text = last(dry.window);
    for (id, score) in (0..).zip(&mut scores) {
        let repeats = |at: &usize| text[*at] == id && !dry.breakers.contains(&id);
        let same_before = |at: usize| {
            let longest = (1..=at.min(64))
                .take_while(|&n| text[at - n] == text[text.len() - n] && !dry.breakers.contains(&text[at - n]));
            longest.count()
        };
        let length = (0..text.len()).filter(repeats).map(same_before).max().unwrap_or(0);
        if length >= dry.allowed_length {
            let penalty = f64::from(dry.multiplier) * f64::from(dry.base).powi((length - dry.allowed_length) as i32);
            *score = (f64::from(*score) - penalty) as f32;
        }
    }
    scores
}

fn sort_by_rank(list: &mut [Entry]) {
    list.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
}

/// The shortest beginning of `list` with the share `p` of `all`.
fn cut(list: &mut Vec<Entry>, p: f32, all: f64) {
    let mut mass = 0.0;
    let enough = list.iter().position(|entry| {
        mass += weight(entry);
        mass >= f64::from(p) * all
    });
    list.truncate(enough.map_or(list.len(), |last| last + 1));
}

/// What the filters leave, in the order in which it is drawn from.
fn filtered(scores: &[f32], sampling: &Sampling) -> Vec<Entry> {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let possible = (0..).zip(scores).filter(|(_, score)| score.is_finite());
    let mut list: Vec<Entry> =
        possible.map(|(id, score)| (id, f64::from((score - best) / sampling.temperature))).collect();
    if let Some(k) = sampling.top_k.filter(|&k| k < scores.len()) {
        sort_by_rank(&mut list);
        list.truncate(k);
    }
    if let Some(p) = sampling.top_p.filter(|&p| p < 1.0) {
        let all = total(&list);
        sort_by_rank(&mut list);
        cut(&mut list, p, all);
    }
    if let Some(share) = sampling.min_p {
        list.retain(|entry| weight(entry) >= f64::from(share));
    }
    if let Some(p) = sampling.typical_p.filter(|&p| p < 1.0) {
        let all = total(&list);
        let mean = list.iter().map(|entry| entry.1 * weight(entry)).sum::<f64>() / all;
        list.sort_by(|a, b| {
            let distance = |entry: &Entry| (entry.1 - mean).abs();
            distance(a).total_cmp(&distance(b)).then(b.1.total_cmp(&a.1)).then(a.0.cmp(&b.0))
        });
        cut(&mut list, p, all);
    }
    list
}

/// The probability of every token, without history.
pub fn probabilities(logits: &[f32], sampling: &Sampling) -> Vec<f64> {
    let list = filtered(&scores(logits, sampling, &[]), sampling);
    let mut probabilities = vec![0.0; logits.len()];
    for entry in &list {
        probabilities[entry.0 as usize] = weight(entry) / total(&list);
    }
    probabilities
}

/// The token after `history` that the random number `uniform` stands for.
pub fn draw(logits: &[f32], sampling: &Sampling, history: &[u32], uniform: f64) -> u32 {
    let scores = scores(logits, sampling, history);
    if sampling.temperature == 0.0 {
        let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        return scores.iter().position(|&score| score == best).unwrap() as u32;
    }
    let list = filtered(&scores, sampling);
    let mut sum = 0.0;
    let passed = list.iter().find(|entry| {
        sum += weight(entry);
        sum > uniform * total(&list)
    });
    passed.or(list.last()).unwrap().0
}
