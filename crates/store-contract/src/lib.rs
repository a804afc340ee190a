//! What every store promises, as one suite that each engine passes
