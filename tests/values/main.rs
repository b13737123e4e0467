//! Everyday values (texts, numbers, truth values, dates, telephone numbers) against inputs with right
//! answers, under stated rules on seeded inputs, and judged by other implementations.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod booleans;
mod dates;
mod html;
mod numbers;
mod telephones;

use serde::de::DeserializeOwned;

/// A table of `tests/fixtures/values`.
fn table<Row: DeserializeOwned>(name: &str) -> Vec<Row> {
    let path = format!("{}/tests/fixtures/values/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let rows: Vec<Row> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(rows.len() > 10);
    rows
}

/// A number of the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// The seed of the inputs: `VALUES_SEED`.
fn seed() -> u64 {
    setting("VALUES_SEED", 9)
}

/// How many inputs each test takes: `VALUES_INPUTS`.
fn inputs(default: u64) -> u64 {
    setting("VALUES_INPUTS", default)
}

/// Random choices from a seed (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end as u64) as usize
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Up to `most` of some pieces, one behind the other.
    fn joined(&mut self, of: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| self.one(of)).collect()
    }

    /// Any characters, most of them of the pieces.
    fn noise(&mut self, of: &[&str], most: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(most + 1) {
            match self.below(4) {
                0 => text.extend(char::from_u32(self.below(0x3000) as u32)),
                1 => text.extend(char::from_u32(self.below(128) as u32)),
                _ => text.push_str(self.one(of)),
            }
        }
        text
    }
}
