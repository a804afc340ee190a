//! Prints hashes per second of one core for each number of lanes: `cargo run --release -p ntt-auth-bcrypt --example rate [COST]`

use std::{hint::black_box, time::Instant};

use ntt_auth_bcrypt::{Input, InputError, MAX_LANES, hash_many};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cost: u8 = std::env::args()
        .nth(1)
        .map_or(Ok(12), |argument| argument.parse())?;
    println!("bcrypt cost {cost}, one thread, best of five");
    println!("lanes  ms per batch  hashes/s");
    for lanes in 1..=MAX_LANES {
        let inputs = (0..lanes)
            .map(|lane| {
                Input::new(
                    b"correct horse battery staple",
                    [u8::try_from(lane).unwrap_or(0); 16],
                    cost,
                )
            })
            .collect::<Result<Vec<_>, InputError>>()?;
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                black_box(hash_many(black_box(&inputs)));
                start.elapsed()
            })
            .min()
            .unwrap_or_default()
            .as_secs_f64();
        let rate = f64::from(u32::try_from(lanes)?) / best;
        println!("{lanes:5}  {:12.1}  {rate:8.2}", best * 1000.0);
    }
    Ok(())
}
