//! What the comparison found.

use std::fmt;

use serde::Serialize;
use sottovoce_llm::evaluate::{Comparison, Divergence, Perplexity};

use super::questions::Answered;
use crate::console::{BOLD, DIM};

/// How far fast arithmetic may be from exact.
struct Limit {
    perplexity_ratio: f64,
    top1_agreement: f64,
}

/// For chunks of rows, which are computed with 8-bit activations.
const MANY_ROWS: Limit = Limit { perplexity_ratio: 1.01, top1_agreement: 0.965 };
/// For single rows.
const ONE_ROW: Limit = Limit { perplexity_ratio: 1.001, top1_agreement: 0.995 };

/// The JSON form, and with `Display` the table.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The package that was measured.
    package: String,
    /// The package in f16.
    #[serde(skip_serializing_if = "Option::is_none")]
    f16_package: Option<String>,
    /// Tokens that were predicted.
    tokens: usize,
    /// What was compared: f16, exact, many rows, one row.
    paths: Vec<PathFigures>,
    questions: Vec<Answered>,
    /// The limits that were missed, in words.
    pub missed: Vec<String>,
}

/// Figures of one way to compute predictions.
#[derive(Debug, Serialize)]
struct PathFigures {
    path: &'static str,
    perplexity: f64,
    /// Share of tokens that were the first choice.
    top1_accuracy: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_exact: Option<Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_f16: Option<Difference>,
}

/// Difference from a reference.
#[derive(Debug, Serialize)]
struct Difference {
    perplexity_ratio: f64,
    top1_agreement: f64,
    kl_divergence: f64,
}

impl Report {
    /// Of f16 (where it was measured), exact, fast in chunks, and fast row by row, in that order.
    pub fn new(
        package: String,
        f16_package: Option<String>,
        compared: &[Comparison],
        questions: Vec<Answered>,
    ) -> Self {
        let names = &["f16, exact", "exact", "fast, 512 rows", "fast, one row"][4 - compared.len()..];
        let exact = compared.len() - 3;
        let figures = |(&path, found): (&&'static str, &Comparison)| {
            let difference = |reference: usize| -> Option<Difference> {
                Some(difference(&compared[reference].perplexity, found, found.divergences.get(reference)?))
            };
            PathFigures {
                path,
                perplexity: found.perplexity.perplexity(),
                top1_accuracy: found.perplexity.top1_share(),
                to_exact: difference(exact),
                to_f16: if exact > 0 { difference(0) } else { None },
            }
        };
        let paths: Vec<PathFigures> = names.iter().zip(compared).map(figures).collect();
        let mut missed = Vec::new();
        for (path, limit) in paths[exact + 1..].iter().zip([MANY_ROWS, ONE_ROW]) {
            missed.extend(path.to_exact.as_ref().and_then(|found| limit.missed(path.path, found)));
        }
        let other = questions.iter().filter(|answered| answered.clear && !answered.same);
        missed.extend(other.map(|answered| format!("another answer to {:?}", answered.question)));
        Self { package, f16_package, tokens: compared[exact].perplexity.tokens, paths, questions, missed }
    }
}

fn difference(reference: &Perplexity, found: &Comparison, divergence: &Divergence) -> Difference {
    Difference {
        perplexity_ratio: found.perplexity.perplexity() / reference.perplexity(),
        top1_agreement: divergence.top1_agreement(),
        kl_divergence: divergence.mean_kl(),
    }
}

impl Limit {
    fn missed(&self, path: &str, found: &Difference) -> Option<String> {
        // Written so that NaN misses.
        let holds = found.perplexity_ratio <= self.perplexity_ratio && found.top1_agreement >= self.top1_agreement;
        (!holds).then(|| {
            format!(
                "{path} has {:.4} times the perplexity (limit {}) and agrees in {:.2} % (limit {:.1} %)",
                found.perplexity_ratio,
                self.perplexity_ratio,
                100.0 * found.top1_agreement,
                100.0 * self.top1_agreement
            )
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BOLD}{:<16}{:>11} {:^30}{:^30}{BOLD:#}", "", "perplexity", "against exact", "against f16")?;
        for path in &self.paths {
            write!(f, "{BOLD}{:<16}{BOLD:#}{:>11.4} ", path.path, path.perplexity)?;
            for difference in [&path.to_exact, &path.to_f16] {
                match difference {
                    Some(found) => write!(
                        f,
                        "{:>9.4} {:>8.2} % {:>8.1e} ",
                        found.perplexity_ratio,
                        100.0 * found.top1_agreement,
                        found.kl_divergence
                    )?,
                    None => write!(f, "{:30}", "")?,
                }
            }
            writeln!(f)?;
        }
        writeln!(
            f,
            "{DIM}times the perplexity, same first choice, KL in nats; {} tokens of {}{DIM:#}",
            self.tokens, self.package
        )?;
        let clear: Vec<_> = self.questions.iter().filter(|answered| answered.clear).collect();
        let same = clear.iter().filter(|answered| answered.same).count();
        writeln!(f, "{} of {} questions are clear, {same} of them answered alike", clear.len(), self.questions.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1,000 tokens, with that much more loss and that many other first choices than the references.
    fn found(references: usize, loss: f64, others: usize) -> Comparison {
        let perplexity = Perplexity { tokens: 1000, top1: 400, negative_log_likelihood: 1000.0 * (3.0 + loss) };
        let divergence = Divergence { tokens: 1000, same_top1: 1000 - others, kl: loss, ..Divergence::default() };
        Comparison { perplexity, divergences: vec![divergence; references] }
    }

    fn report(many: Comparison, one: Comparison, same: bool) -> Report {
        let answered =
            Answered { question: "Why?", answer: "Because.".to_owned(), least_margin: 0.7, clear: true, same };
        let compared = [found(0, -0.1, 0), found(1, 0.0, 50), many, one];
        Report::new("a.mlpackage".to_owned(), Some("f16.mlpackage".to_owned()), &compared, vec![answered])
    }

    #[test]
    fn limits_are_of_fast_against_exact() {
        // e^0.0099 is 1.0099, and e^0.0009 is 1.0009.
        assert_eq!(report(found(2, 0.0099, 35), found(2, 0.0009, 5), true).missed, Vec::<String>::new());
        for (many, one, same, part) in [
            (found(2, 0.0101, 0), found(2, 0.0, 0), true, "fast, 512 rows has 1.0102 times"),
            (found(2, 0.0, 36), found(2, 0.0, 0), true, "agrees in 96.40 % (limit 96.5 %)"),
            (found(2, 0.0, 0), found(2, 0.0011, 0), true, "fast, one row has 1.0011 times"),
            (found(2, 0.0, 0), found(2, 0.0, 6), true, "agrees in 99.40 %"),
            (found(2, 0.0, 0), found(2, f64::NAN, 0), true, "fast, one row"),
            (found(2, 0.0, 0), found(2, 0.0, 0), false, "another answer to \"Why?\""),
        ] {
            let missed = report(many, one, same).missed;
            assert!(missed.len() == 1 && missed[0].contains(part), "{missed:?} {part}");
        }
    }

    #[test]
    fn figures_are_against_both_references() {
        let json = serde_json::to_value(report(found(2, 0.005, 20), found(2, 0.0, 0), true)).unwrap();
        let many = &json["paths"][2];
        assert_eq!(many["path"], "fast, 512 rows");
        assert!((many["to_exact"]["perplexity_ratio"].as_f64().unwrap() - 0.005f64.exp()).abs() < 1e-9);
        assert!((many["to_f16"]["perplexity_ratio"].as_f64().unwrap() - 0.105f64.exp()).abs() < 1e-9);
        assert_eq!(many["to_exact"]["top1_agreement"], 0.98);
        let exact = &json["paths"][1];
        assert!(exact.get("to_exact").is_none() && exact["to_f16"]["top1_agreement"] == 0.95);

        let without =
            Report::new(String::new(), None, &[found(0, 0.0, 0), found(1, 0.0, 0), found(1, 0.0, 0)], Vec::new());
        let json = serde_json::to_value(without).unwrap();
        assert_eq!(json["paths"][0]["path"], "exact");
        assert!(json.get("f16_package").is_none() && json["paths"][2].get("to_f16").is_none());
    }
}
