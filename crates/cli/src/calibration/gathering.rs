use std::{collections::HashMap, sync::Arc, thread};

use sottovoce_convert::{ConvertError, SecondMoments};
use sottovoce_kernels::{Activations, Epilogue, Floats, Kernels, PackedLinear, Rows, RowsMut, Team, WeightSource};
use sottovoce_runtime::LinearInput;

/// A row whose square is more than this many times the median counts as if it were that. The first position of a text often
/// has activations a thousand times as large as all others ("Massive activations in large language models", Sun et al.
/// 2024, arXiv:2402.17762): one row of 512 would be all that counts.
const CAP: f32 = 4.0;

/// What each row is multiplied with.
fn factors(input: &LinearInput<'_>) -> Vec<f32> {
    let squares: Vec<f32> =
        input.rows.chunks_exact(input.width).map(|row| row.iter().map(|x| x * x).sum::<f32>()).collect();
    let mut sorted = squares.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let cap = CAP * sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    squares.into_iter().map(|square| if square > cap { (cap / square).sqrt() } else { 1.0 }).collect()
}

/// Second moments in the making: Σ xᵀx over the rows of some linear steps.
#[derive(Default)]
pub struct Gathering {
    kernels: Option<Kernels>,
    /// Gathered whatever it takes.
    wanted: String,
    /// Not gathered again.
    served: Vec<String>,
    /// Bytes that further sums may take.
    budget: usize,
    sums: Vec<Sum>,
    /// The sum of each weight; those of one step share theirs.
    by_weight: HashMap<String, usize>,
}

struct Sum {
    width: usize,
    /// [width, width]
    values: Vec<f32>,
}

impl Gathering {
    /// Sums for `wanted`, and for weights not yet `served` as far as `budget` bytes go.
    ///
    /// # Errors
    /// The instruction set that `SOTTOVOCE_ISA` asks for is not there.
    pub fn new(wanted: &str, served: &[String], budget: usize) -> anyhow::Result<Self> {
        Ok(Self {
            kernels: Some(Kernels::detect()?),
            wanted: wanted.to_owned(),
            served: served.to_vec(),
            budget,
            ..Self::default()
        })
    }

    /// Takes in the rows of a step.
    pub fn add(&mut self, input: &LinearInput<'_>) {
        let Some(kernels) = self.kernels else { return };
        let Some(sum) = self.sum_of(input) else { return };
        let (width, rows) = (input.width, input.rows.len() / input.width);
        // xᵀx is the product of the transposed rows with themselves.
        let mut turned = vec![0.0; input.rows.len()];
        let factors = factors(input);
        for (row, (x, factor)) in input.rows.chunks_exact(width).zip(factors).enumerate() {
            x.iter().enumerate().for_each(|(index, x)| turned[index * rows + row] = factor * x);
        }
        let source = WeightSource::Float { rows: width, columns: rows, data: Floats::F32(&turned) };
        let threads = Team::default_threads();
        // The shapes are the slice's own, so that it packs.
        let Ok(packed) = PackedLinear::pack(&source, &Team::new(1)) else { return };
        let share = width.div_ceil(threads);
        thread::scope(|scope| {
            for (turned, sum) in turned.chunks(share * rows).zip(sum.values.chunks_mut(share * width)) {
                let packed = &packed;
                scope.spawn(move || {
                    let x = Activations::Float(Rows::dense(turned, rows));
                    kernels.linear(packed, x, 0..width, RowsMut::dense(sum, width), Epilogue::Add);
                });
            }
        });
    }

    fn sum_of(&mut self, input: &LinearInput<'_>) -> Option<&mut Sum> {
        let first = *input.weights.first()?;
        if !self.by_weight.contains_key(first) {
            let bytes = size_of::<f32>() * input.width * input.width;
            let wanted = input.weights.contains(&self.wanted.as_str());
            let served = input.weights.iter().all(|weight| self.served.iter().any(|served| served == weight));
            if !wanted && (served || bytes > self.budget) {
                return None;
            }
            self.budget = self.budget.saturating_sub(bytes);
            self.by_weight.extend(input.weights.iter().map(|&weight| (weight.to_owned(), self.sums.len())));
            self.sums.push(Sum { width: input.width, values: vec![0.0; input.width * input.width] });
        }
        self.sums.get_mut(self.by_weight[first])
    }

    /// The moments by weight.
    ///
    /// # Errors
    /// The model computed numbers that are not finite.
    pub fn finish(self) -> Result<HashMap<String, Arc<SecondMoments>>, ConvertError> {
        let moments = self.sums.into_iter().map(|sum| SecondMoments::new(sum.width, sum.values).map(Arc::new));
        let moments: Vec<_> = moments.collect::<Result<_, _>>()?;
        Ok(self.by_weight.into_iter().map(|(weight, index)| (weight, Arc::clone(&moments[index]))).collect())
    }
}
