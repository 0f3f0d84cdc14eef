use crate::{
    error::OpError,
    op::{OpDef, optional, required},
    ops::{elementwise::same_as_x, support::codes::element_bytes},
};

/// The innermost matrices of `x` with zeros below the first `lower` sub-diagonals and above the first `upper`
/// diagonals; a negative number, the default, keeps that whole side.
pub static OP: OpDef = OpDef {
    name: "band_part",
    params: &[required("x"), optional("lower"), optional("upper")],
    infer: |ctx| {
        let rank = ctx.fact("x")?.rank();
        if rank < 2 {
            return Err(OpError::InvalidArgument {
                name: "x",
                expected: "rank 2 or more".into(),
                found: format!("rank {rank}"),
            });
        }
        same_as_x(ctx)
    },
    eval: |ctx| {
        let mut result = ctx.tensor("x")?.clone();
        let (lower, upper) = (ctx.int("lower", -1)?, ctx.int("upper", -1)?);
        let &[.., rows, columns] = result.shape() else {
            return Err(OpError::Unsupported { what: "a band of a vector".into() });
        };
        let width = element_bytes(result.dtype())?;
        for (index, element) in result.bytes_mut().chunks_exact_mut(width).enumerate() {
            let (row, column) = ((index / columns % rows) as i64, (index % columns) as i64);
            if (lower >= 0 && row - column > lower) || (upper >= 0 && column - row > upper) {
                element.fill(0);
            }
        }
        Ok(vec![result])
    },
};
