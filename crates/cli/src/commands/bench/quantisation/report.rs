//! The table.

use std::fmt;

use serde::Serialize;
use sottovoce_llm::evaluate::Comparison;

use super::{PLAIN, synthetic::WeightErrors};
use crate::console::{BOLD, DIM};

/// A package and what it predicted, text by text.
pub struct Row {
    name: String,
    bytes: u64,
    pub texts: Vec<Comparison>,
}

impl Row {
    /// A package that has predicted nothing yet.
    pub fn new(name: &str, bytes: u64) -> Self {
        Self { name: name.to_owned(), bytes, texts: Vec::new() }
    }
}

/// The JSON form, and with `Display` the table.
#[derive(Debug, Serialize)]
pub struct Report {
    texts: Vec<String>,
    rows: Vec<RowFigures>,
    weights: Vec<WeightErrors>,
}

/// A row of the table.
#[derive(Debug, Serialize)]
struct RowFigures {
    name: String,
    weight_bytes: u64,
    texts: Vec<Figures>,
}

/// What a package made of a text.
#[derive(Debug, Serialize)]
struct Figures {
    tokens: usize,
    /// Mean of −ln p.
    nats_per_token: f64,
    /// That above f16.
    cost: f64,
    /// Standard error of the cost.
    cost_error: f64,
    /// The cost as a share of plain rounding's.
    share_of_plain: f64,
    /// Share of tokens with f16's first choice.
    top1_agreement: f64,
    /// Mean Kullback-Leibler divergence from f16's distribution, in nats.
    kl_divergence: f64,
}

impl Report {
    /// Of rows that begin with f16, keep and plain rounding. More than one text is followed by all of them together.
    pub fn new(mut texts: Vec<String>, mut rows: Vec<Row>, weights: Vec<WeightErrors>) -> Self {
        if texts.len() > 1 {
            texts.push(format!("these {} texts", texts.len()));
            for row in &mut rows {
                let mut all = row.texts[0].clone();
                row.texts[1..].iter().for_each(|text| all += text);
                row.texts.push(all);
            }
        }
        let cost = |row: &Row, text: usize| {
            let divergence = row.texts[text].divergences.first();
            divergence.map_or(0.0, |divergence| divergence.mean_loss())
        };
        let figures = |row: &Row, text: usize| {
            let Comparison { perplexity, divergences } = &row.texts[text];
            let divergence = divergences.first();
            Figures {
                tokens: perplexity.tokens,
                nats_per_token: perplexity.negative_log_likelihood / perplexity.tokens as f64,
                cost: cost(row, text),
                cost_error: divergence.map_or(0.0, |divergence| divergence.loss_standard_error()),
                share_of_plain: cost(row, text) / cost(&rows[PLAIN], text),
                top1_agreement: divergence.map_or(1.0, |divergence| divergence.top1_agreement()),
                kl_divergence: divergence.map_or(0.0, |divergence| divergence.mean_kl()),
            }
        };
        let row = |row: &Row| RowFigures {
            name: row.name.clone(),
            weight_bytes: row.bytes,
            texts: (0..texts.len()).map(|text| figures(row, text)).collect(),
        };
        let rows = rows.iter().map(row).collect();
        Self { texts, rows, weights }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (text, name) in self.texts.iter().enumerate() {
            let tokens = self.rows.first().map_or(0, |row| row.texts[text].tokens);
            writeln!(
                f,
                "{BOLD}{:<28}{:>10}{:>13}{:>9}{:>9}{:>10}{:>11}{:>9}{BOLD:#}",
                name, "weights", "nats/token", "cost", "error", "of plain", "agreement", "KL"
            )?;
            for row in &self.rows {
                let found = &row.texts[text];
                writeln!(
                    f,
                    "{:<28}{:>7.1} MB{:>13.4}{:>9.4}{:>9.4}{:>8.0} %{:>9.2} %{:>9.4}",
                    row.name,
                    row.weight_bytes as f64 / 1e6,
                    found.nats_per_token,
                    found.cost,
                    found.cost_error,
                    100.0 * found.share_of_plain,
                    100.0 * found.top1_agreement,
                    found.kl_divergence
                )?;
            }
            writeln!(f, "{DIM}{tokens} tokens in windows of {}{DIM:#}\n", super::WINDOW)?;
        }
        writeln!(f, "{BOLD}{:<28}{:>16}{:>16}{BOLD:#}", "error of weights", "plain rounding", "int4")?;
        for error in &self.weights {
            writeln!(f, "{:<28}{:>14.2} %{:>14.2} %", error.weights, 100.0 * error.plain, 100.0 * error.searched)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sottovoce_llm::evaluate::{Divergence, Perplexity};

    use super::*;

    /// A hundred tokens, whose losses have a variance of 0.1.
    fn row(name: &str, nats: f64, cost: f64, same: usize) -> Row {
        let perplexity = Perplexity { tokens: 100, top1: 40, negative_log_likelihood: 100.0 * nats };
        let divergence = Divergence {
            tokens: 100,
            same_top1: same,
            kl: 3.0,
            loss: 100.0 * cost,
            squared_loss: 9.9 + 100.0 * cost * cost,
        };
        let divergences = if name == "f16" { Vec::new() } else { vec![divergence] };
        Row { texts: vec![Comparison { perplexity, divergences }], ..Row::new(name, 1000) }
    }

    #[test]
    fn costs_are_above_f16_and_relative_to_plain_rounding() {
        let rows = vec![
            row("f16", 3.0, 0.0, 100),
            row("keep", 3.0, 0.0, 100),
            row("plain", 3.4, 0.4, 60),
            row("int4", 3.1, 0.1, 80),
        ];
        let report = Report::new(vec!["text".to_owned()], rows, Vec::new());
        let costs: Vec<f64> = report.rows.iter().map(|row| row.texts[0].cost).collect();
        for (found, expected) in costs.iter().zip([0.0, 0.0, 0.4, 0.1]) {
            assert!((found - expected).abs() < 1e-12, "{costs:?}");
        }
        let last = &report.rows[3].texts[0];
        assert!((last.share_of_plain - 0.25).abs() < 1e-12, "{last:?}");
        assert_eq!((last.top1_agreement, last.kl_divergence), (0.8, 0.03));
        assert!((last.cost_error - 0.001f64.sqrt()).abs() < 1e-12, "{last:?}");
        assert_eq!(report.rows[0].texts[0].top1_agreement, 1.0);
        assert!(report.to_string().contains("25 %"), "{report}");
    }

    #[test]
    fn texts_are_counted_together_too() {
        let both = |name: &str, costs: [f64; 2]| {
            let [first, second] = [row(name, 3.0 + costs[0], costs[0], 80), row(name, 2.0 + costs[1], costs[1], 80)];
            Row { texts: [first.texts, second.texts].concat(), ..first }
        };
        let rows = vec![both("f16", [0.0; 2]), both("keep", [0.0; 2]), both("plain", [0.4, 0.2])];
        let report = Report::new(vec!["a".to_owned(), "b".to_owned()], rows, Vec::new());
        let plain = &report.rows[PLAIN].texts[2];
        assert_eq!((report.texts[2].as_str(), plain.tokens), ("these 2 texts", 200));
        assert!((plain.nats_per_token - 2.8).abs() < 1e-12 && (plain.cost - 0.3).abs() < 1e-12, "{plain:?}");
        assert!((plain.kl_divergence - 0.03).abs() < 1e-12, "{plain:?}");
    }
}
