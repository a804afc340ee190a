//! The program `ntt-auth`.

use std::process::ExitCode;

/// Scales with cores, and gives memory back, better than the allocators of most C libraries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ntt_auth::cli::run(std::env::args_os(), std::env::vars_os())
}
