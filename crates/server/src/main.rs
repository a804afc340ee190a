//! The program `ntt-auth`.

use std::process::ExitCode;

/// Scales with cores, and gives memory back, better than the allocators of most C libraries.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    small_pages();
    no_core_dumps();
    early_registration();
    ntt_auth::cli::run(std::env::args_os(), std::env::vars_os())
}

/// An image of the memory would hold keys and passwords.
fn no_core_dumps() {
    #[cfg(unix)]
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    );
}

/// The allocator takes address space in large pieces and uses little of each. Where the kernel backs them with huge pages,
/// half of the start goes into clearing pages that nobody asked for, and idle memory doubles.
fn small_pages() {
    #[cfg(target_os = "linux")]
    // A kernel without the call merely gives more memory than is needed.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// The first concurrent map registers the process for the kernel's memory barriers (membarrier(2)). While there is one thread that
/// costs nothing; later the kernel waits for all processors, and the start with it, some ten milliseconds.
fn early_registration() {
    drop(papaya::HashMap::<u8, u8>::new());
}
