//! What the measurement found.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{
    commands::bench::statistics::Summary,
    console::{self, BOLD, DIM},
};

/// The aim for what an answer waits for.
const AIM: f64 = 1e-3;

/// The JSON form, and with `Display` the table. Times are in seconds.
#[derive(Debug, Serialize)]
pub struct Report {
    package: String,
    vocabulary: usize,
    /// To make ready for grammars, once a model.
    prepare: f64,
    grammars: Vec<GrammarReport>,
    /// Over the masks of all grammars.
    all: Masks,
}

/// Times of masks.
#[derive(Debug, Serialize)]
struct Masks {
    masks: usize,
    /// To find and apply a mask with nothing beside it.
    alone: Spread,
    /// From logits to the next call of the model.
    within: Spread,
    /// The same without a grammar.
    without: Spread,
    /// Calls and what lies between them, with the grammar by without.
    ratio: f64,
}

/// Figures of a grammar.
#[derive(Debug, Serialize)]
pub struct GrammarReport {
    grammar: &'static str,
    tokens: usize,
    compile: f64,
    /// The first mask, which is found beside the prompt's call; it is one of the masks below too.
    first: f64,
    #[serde(flatten)]
    masks: Masks,
    /// Medians over the repeats, mask by mask.
    #[serde(skip)]
    samples: Samples,
}

/// How values lie.
#[derive(Debug, Serialize)]
struct Spread {
    p50: f64,
    p99: f64,
    longest: f64,
}

/// What the repeats of a grammar gave: seconds, mask by mask.
#[derive(Default)]
pub struct Figures {
    /// To compile it.
    pub compile: Vec<f64>,
    /// To find and apply a mask with nothing beside it.
    pub alone: Vec<Vec<f64>>,
    /// A call, and from its logits to the next.
    pub within: Vec<Vec<(f64, f64)>>,
    /// The same without the grammar.
    pub without: Vec<Vec<(f64, f64)>>,
}

#[derive(Debug, Default)]
struct Samples {
    alone: Vec<f64>,
    within: Vec<(f64, f64)>,
    without: Vec<(f64, f64)>,
}

impl Figures {
    /// The figures of a grammar; `None` where nothing was measured.
    pub fn report(self, grammar: &'static str, tokens: usize) -> Option<GrammarReport> {
        let pairs = |repeats: &[Vec<(f64, f64)>]| {
            let part = |part: fn(&(f64, f64)) -> f64| -> Vec<Vec<f64>> {
                repeats.iter().map(|repeat| repeat.iter().map(part).collect()).collect()
            };
            medians(&part(|pair| pair.0)).into_iter().zip(medians(&part(|pair| pair.1))).collect()
        };
        let (within, without) = (pairs(&self.within), pairs(&self.without));
        let samples = Samples { alone: medians(&self.alone), within, without };
        Some(GrammarReport {
            grammar,
            tokens,
            compile: Summary::of(self.compile)?.median,
            first: *samples.alone.first()?,
            masks: Masks::of([&samples])?,
            samples,
        })
    }
}

/// The median of every value over the repeats.
fn medians(repeats: &[Vec<f64>]) -> Vec<f64> {
    let values = repeats.first().map_or(0, Vec::len);
    (0..values).filter_map(|at| Some(Summary::of(repeats.iter().map(|repeat| repeat[at]))?.median)).collect()
}

impl Masks {
    fn of<'a>(samples: impl IntoIterator<Item = &'a Samples> + Clone) -> Option<Self> {
        let all = |part: fn(&Samples) -> &Vec<(f64, f64)>| samples.clone().into_iter().flat_map(part).copied();
        let (within, without) = (|| all(|samples| &samples.within), || all(|samples| &samples.without));
        let total =
            |times: &mut dyn Iterator<Item = (f64, f64)>| times.map(|(call, between)| call + between).sum::<f64>();
        let alone = Spread::of(samples.clone().into_iter().flat_map(|samples| &samples.alone).copied())?;
        Some(Self {
            masks: within().count(),
            alone,
            within: Spread::of(within().map(|(_, between)| between))?,
            without: Spread::of(without().map(|(_, between)| between))?,
            ratio: total(&mut within()) / total(&mut without()),
        })
    }
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        let [p50, p99, longest] = [0.5, 0.99, 1.0].map(|share| values[(last as f64 * share).ceil() as usize]);
        Some(Self { p50, p99, longest })
    }
}

impl Report {
    /// Of the grammars' figures; `None` where there are none.
    pub fn new(package: String, vocabulary: usize, prepare: Duration, grammars: Vec<GrammarReport>) -> Option<Self> {
        let all = Masks::of(grammars.iter().map(|grammar| &grammar.samples))?;
        Some(Self { package, vocabulary, prepare: prepare.as_secs_f64(), grammars, all })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vocabulary = console::grouped(self.vocabulary as u64);
        writeln!(f, "{BOLD}{} · {vocabulary} tokens, made ready in {:.2} s{BOLD:#}", self.package, self.prepare)?;
        writeln!(
            f,
            "{DIM}{:30} tokens masks compiled  first │ alone p50    p99 longest │ within p50    p99 longest │ without │ time{DIM:#}",
            "milliseconds"
        )?;
        let columns = |f: &mut fmt::Formatter<'_>, Masks { alone, within, without, ratio, .. }: &Masks| {
            let [a, b, c, d, e, g, h] =
                [alone.p50, alone.p99, alone.longest, within.p50, within.p99, within.longest, without.p50]
                    .map(|time| time * 1e3);
            writeln!(f, " │ {a:9.3} {b:6.3} {c:7.3} │ {d:10.3} {e:6.3} {g:7.3} │ {h:7.3} │ {ratio:.3}×")
        };
        for GrammarReport { grammar, tokens, compile, first, masks, .. } in &self.grammars {
            let count = masks.masks;
            write!(f, "{grammar:30} {tokens:6} {count:5} {:8.1} {:6.3}", compile * 1e3, first * 1e3)?;
            columns(f, masks)?;
        }
        let tokens: usize = self.grammars.iter().map(|grammar| grammar.tokens).sum();
        write!(f, "{BOLD}{:30}{BOLD:#} {tokens:6} {:5} {:15}", "all", self.all.masks, "")?;
        columns(f, &self.all)?;
        let waited = (self.all.within.longest - self.all.without.p50) * 1e3;
        writeln!(
            f,
            "the longest that a mask keeps an answer waiting: {waited:.3} ms {DIM}(aim: below {:.0}){DIM:#}",
            AIM * 1e3
        )
    }
}
