//! Chance, as an argument: whoever needs random bytes is handed their source.

use std::cell::RefCell;

use ring::rand::{SecureRandom, SystemRandom};

/// A source of unpredictable bytes.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// `N` fresh bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.fill(&mut buffer);
        buffer
    }
}

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    /// Opens the generator.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that opens it"
    )]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

/// Names of things and nonces are this long at most; keys and secrets are longer and are always
/// fetched by themselves.
const SHORT: usize = 24;
/// What is fetched for short ones at once. A request makes three names or more, and each call to the
/// operating system would cost it as much as a signature's digest.
const STOCK: usize = 1024;

/// Bytes from the operating system that nobody has been given.
struct Stock {
    bytes: [u8; STOCK],
    given: usize,
}

thread_local! {
    static SHORT_ONES: RefCell<Stock> = const {
        RefCell::new(Stock { bytes: [0; STOCK], given: STOCK })
    };
}

impl SystemEntropy {
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key or id may be made at all"
    )]
    fn fetch(&self, buffer: &mut [u8]) {
        self.0
            .fill(buffer)
            .expect("the operating system gives random bytes");
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > SHORT {
            return self.fetch(buffer);
        }
        SHORT_ONES.with_borrow_mut(|stock| {
            if stock.bytes.len().saturating_sub(stock.given) < buffer.len() {
                self.fetch(&mut stock.bytes);
                stock.given = 0;
            }
            let given = stock.bytes.iter_mut().skip(stock.given);
            // What was given is kept nowhere else.
            for (to, from) in buffer.iter_mut().zip(given) {
                *to = std::mem::take(from);
            }
            stock.given = stock.given.saturating_add(buffer.len());
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_byte_is_given_twice() {
        let entropy = SystemEntropy::new();
        let mut seen = HashSet::new();
        // Of several lengths, so that a stock ends in the middle of one; past several stocks.
        for round in 0..400 {
            let mut name = vec![0; [8, 12, 16, 20, 24, 32][round % 6]];
            entropy.fill(&mut name);
            assert!(name.iter().any(|byte| *byte != 0));
            assert!(seen.insert(name[..8].to_vec()), "round {round}");
        }
    }

    #[test]
    fn threads_have_stocks_of_their_own() {
        let some = || {
            let entropy = SystemEntropy::new();
            let mut name = [0; 16];
            entropy.fill(&mut name);
            name
        };
        let other = std::thread::spawn(some).join().unwrap();
        assert_ne!(some(), other);
    }
}
