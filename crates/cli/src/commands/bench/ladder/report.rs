//! The ladder as a table, as JSON and as a chart.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::{
    CONTEXTS,
    measure::{Measured, Point},
    rungs::{PUBLISHED_CONTEXT, PUBLISHED_WITH, Published},
};
use crate::{
    chart::{Chart, Line},
    console::{self, BOLD, DIM},
};

/// The JSON form, and with `Display` the tables.
#[derive(Debug, Serialize)]
pub struct Report {
    model: String,
    cpu: String,
    threads: usize,
    /// Context of the first table.
    context: usize,
    /// What the model was made for.
    context_limit: usize,
    /// Whether the package without a cache computes as many rows as its context has, whatever the sequence.
    baseline_pads_to_context: bool,
    rungs: Vec<Step>,
    published_with: &'static str,
}

/// A rung with what Apple published for it.
#[derive(Debug, Serialize)]
struct Step {
    #[serde(flatten)]
    measured: Measured,
    published: Published,
}

impl Report {
    /// Of the rungs from the bottom.
    pub fn new(model: String, cpu: String, threads: usize, context_limit: usize, rungs: Vec<Measured>) -> Self {
        // That of Apple's table, or the largest that every rung reaches.
        let reached = |context: &&usize| rungs.iter().all(|rung| at(rung, **context).is_some());
        let contexts = rungs.first().into_iter().flat_map(|rung| &rung.sweep).map(|point| point.context);
        let contexts: Vec<usize> = contexts.filter(|&context| context <= PUBLISHED_CONTEXT).collect();
        let context = contexts.iter().rev().find(reached).copied().unwrap_or(context_limit);
        let step = |measured: Measured| Step { published: measured.rung.published(), measured };
        Self {
            model,
            cpu,
            threads,
            context,
            context_limit,
            baseline_pads_to_context: false,
            rungs: rungs.into_iter().map(step).collect(),
            published_with: PUBLISHED_WITH,
        }
    }

    /// Decoding speed over the contexts.
    pub fn chart(&self) -> Chart {
        let line = |step: &Step| Line {
            name: step.measured.rung.name().to_owned(),
            points: step.measured.sweep.iter().map(|point| (point.context as f64, point.tokens_per_second)).collect(),
            reference: Some((PUBLISHED_CONTEXT as f64, step.published.tokens_per_second)),
        };
        Chart {
            title: "Where keys and values are kept decides how fast tokens come".to_owned(),
            subtitle: self.subject(),
            x_label: "context, all of it in use".to_owned(),
            y_label: "tokens/s".to_owned(),
            notes: vec![format!(
                "Hollow: what Apple published for {PUBLISHED_WITH}; another model on another machine."
            )],
            lines: self.rungs.iter().map(line).collect(),
        }
    }

    fn subject(&self) -> String {
        format!("{}, {}, {} threads", self.model, self.cpu, self.threads)
    }
}

fn at(measured: &Measured, context: usize) -> Option<&Point> {
    measured.sweep.iter().find(|point| point.context == context)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |seconds: f64| console::duration(Duration::from_secs_f64(seconds));
        writeln!(f, "{}, context {}", self.subject(), self.context)?;
        let (ours, apples) = ("here", "Apple, see below");
        writeln!(f, "{BOLD}{:<26}{ours:>33}{apples:>24}{BOLD:#}", "")?;
        let columns = ["first token", "tokens/s", "size", "first token", "tokens/s"];
        let [first, speed, size, their_first, their_speed] = columns;
        writeln!(f, "{BOLD}{:<26}{first:>12}{speed:>10}{size:>11}{their_first:>14}{their_speed:>10}{BOLD:#}", "")?;
        for Step { measured, published } in &self.rungs {
            let speed = at(measured, self.context).map_or(f64::NAN, |point| point.tokens_per_second);
            writeln!(
                f,
                "{:<26}{:>12}{speed:>10.2}{:>11}{:>14}{:>10.2}",
                measured.rung.name(),
                time(measured.first_token),
                console::bytes(measured.package_bytes),
                time(published.first_token),
                published.tokens_per_second
            )?;
        }
        let prompt = self.rungs.first().map_or(0, |step| step.measured.prompt_tokens);
        writeln!(
            f,
            "{DIM}first token: of a prompt of {prompt} tokens; tokens/s: decoding with the context full{DIM:#}"
        )?;
        if let Some(baseline) = self.rungs.first().and_then(|step| at(&step.measured, self.context)) {
            let padded = time(1.0 / baseline.tokens_per_second);
            writeln!(
                f,
                "{DIM}without a cache, a token computes the whole sequence, not padded to the context as Apple's is; padded, \
                 every\ntoken would take what one takes with the context full, the first one too: {padded}{DIM:#}"
            )?;
        }
        writeln!(f, "{DIM}Apple: {PUBLISHED_WITH}; another model on another machine{DIM:#}\n")?;

        write!(f, "{BOLD}{:<26}", "tokens/s, context full")?;
        let contexts: Vec<usize> = CONTEXTS.into_iter().filter(|&context| self.reached(context)).collect();
        contexts.iter().try_for_each(|context| write!(f, "{context:>9}"))?;
        writeln!(f, "{BOLD:#}")?;
        for Step { measured, .. } in &self.rungs {
            write!(f, "{:<26}", measured.rung.name())?;
            for &context in &contexts {
                match at(measured, context) {
                    Some(point) => write!(f, "{:>9.2}", point.tokens_per_second)?,
                    None => write!(f, "{:>9}", "-")?,
                }
            }
            writeln!(f)?;
        }
        let few =
            |step: &Step| step.measured.sweep.iter().filter(|point| point.tokens < 8).map(|point| point.context).min();
        for (step, context) in self.rungs.iter().filter_map(|step| Some((step, few(step)?))) {
            writeln!(
                f,
                "{DIM}{}: from context {context} on, means of fewer than 8 tokens{DIM:#}",
                step.measured.rung.name()
            )?;
        }
        if self.context_limit < CONTEXTS[CONTEXTS.len() - 1] {
            writeln!(f, "{DIM}larger contexts are left out: the model was made for {}{DIM:#}", self.context_limit)?;
        }
        Ok(())
    }
}

impl Report {
    fn reached(&self, context: usize) -> bool {
        self.rungs.iter().any(|step| at(&step.measured, context).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::bench::ladder::rungs::Rung;

    fn report(limit: usize) -> Report {
        let measured = |rung: Rung, speeds: &[f64]| Measured {
            rung,
            package_bytes: 270_000_000,
            prompt_tokens: 128,
            first_token: 0.25,
            sweep: CONTEXTS
                .into_iter()
                .zip(speeds)
                .map(|(context, &tokens_per_second)| Point {
                    context,
                    tokens_per_second,
                    tokens: if tokens_per_second < 8.0 { 3 } else { 32 },
                })
                .collect(),
        };
        let rungs = vec![
            measured(Rung::NoCache, &[8.0, 4.0, 0.2]),
            measured(Rung::CacheAsInput, &[50.0, 45.0, 40.0, 30.0]),
            measured(Rung::CacheAsState, &[60.0, 59.0, 58.0, 57.0]),
            measured(Rung::FourBit, &[160.0, 159.0, 158.0, 157.0]),
        ];
        Report::new("tiny".to_owned(), "a CPU".to_owned(), 2, limit, rungs)
    }

    #[test]
    fn the_table_is_of_the_largest_context_that_all_reach() {
        let text = report(1024).to_string();
        for part in [
            "tiny, a CPU, 2 threads, context 512",
            "no cache                        250 ms      0.20   270.0 MB         5.4 s      0.19",
            "state and 4-bit weights         250 ms    158.00   270.0 MB         52 ms     33.67",
            "the first one too: 5.0 s",
            "no cache                       8.00     4.00     0.20        -\n",
            "cache as state                60.00    59.00    58.00    57.00\n",
            "no cache: from context 256 on, means of fewer than 8 tokens",
            "larger contexts are left out: the model was made for 1024",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 130), "{text}");
        assert!(!report(8192).to_string().contains("left out"));
    }

    #[test]
    fn the_json_has_what_the_table_has() {
        let json = serde_json::to_value(report(1024)).unwrap();
        assert_eq!((&json["context"], &json["baseline_pads_to_context"]), (&512.into(), &false.into()));
        let top = &json["rungs"][3];
        assert_eq!((&top["rung"], &top["published"]["tokens_per_second"]), (&"four_bit".into(), &33.67.into()));
        assert_eq!(top["sweep"][2]["tokens_per_second"], 158.0);
    }

    #[test]
    fn the_chart_has_a_line_for_every_rung_and_apples_figures() {
        let svg = report(1024).chart().svg();
        assert_eq!((svg.matches("<polyline").count(), svg.matches("hollow c").count()), (4, 4));
        assert!(svg.contains("state and 4-bit weights") && svg.contains(PUBLISHED_WITH), "{svg}");
    }
}
