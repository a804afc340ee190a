//! The program `ntt-auth`.

/// Returns memory to the system and scales with cores better than the allocators of most C libraries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {}
