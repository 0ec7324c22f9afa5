//! What the fuzzer asserts, held against its seeds, the seeds a little broken, and every input that
//! ever failed: so that the properties hold, and compile, between two runs of the fuzzer.

#[path = "../../fuzz/src/properties/mod.rs"]
#[expect(
    unreachable_pub,
    reason = "the fuzzer has these files in a library of its own"
)]
mod properties;

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use properties::{ALL, Target};

/// How many places are broken, over all seeds of a target, each in a copy of its own.
const PLACES: usize = 200;

#[test]
fn every_reader_takes_a_seed_and_refuses_another() {
    for target in ALL {
        let verdicts: Vec<bool> = (target.seeds)()
            .iter()
            .map(|seed| run(target, seed))
            .collect();
        assert!(verdicts.contains(&true), "{} takes nothing", target.name);
        assert!(!run(target, b""), "{} takes nothing at all", target.name);
        assert!(!(target.words)().is_empty(), "{}", target.name);
    }
}

#[test]
fn what_holds_of_the_seeds_holds_when_they_are_broken() {
    for target in ALL {
        let seeds = (target.seeds)();
        let bytes: usize = seeds.iter().map(Vec::len).sum();
        let places = (0..bytes).step_by((bytes / PLACES).max(1));
        for place in places {
            let (seed, at) = byte_of(&seeds, place);
            let mut changed = seed.to_vec();
            changed[at] ^= 1 << (at % 7);
            run(target, &changed);
            run(target, &seed[..at]);
        }
    }
}

/// What reaches about as far into a reader as the fuzzer has come.
#[test]
fn what_the_fuzzer_kept_holds() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/kept"));
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let target = of(&file);
        let kept = fs::read_to_string(&file).unwrap();
        assert!(!kept.is_empty(), "{}", target.name);
        for input in kept.split_whitespace() {
            run(target, &BASE64.decode(input.as_bytes()).unwrap());
        }
    }
}

#[test]
fn what_once_failed_does_so_no_more() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/regressions"));
    for entry in fs::read_dir(&folder).unwrap() {
        let folder = entry.unwrap().path();
        let target = of(&folder);
        for input in fs::read_dir(&folder).unwrap() {
            run(target, &fs::read(input.unwrap().path()).unwrap());
        }
    }
}

/// The target whose name a file or folder bears.
fn of(path: &Path) -> &'static Target {
    let target = ALL.iter().find(|target| path.ends_with(target.name));
    target.unwrap_or_else(|| panic!("{} is no target", path.display()))
}

/// A seed and the place in it, counted through all seeds.
fn byte_of(seeds: &[Vec<u8>], place: usize) -> (&[u8], usize) {
    let mut at = place;
    for seed in seeds {
        match at.checked_sub(seed.len()) {
            None => return (seed, at),
            Some(behind) => at = behind,
        }
    }
    panic!("there is no byte {place}");
}

/// Says which input it was that failed.
fn run(target: &Target, input: &[u8]) -> bool {
    let check = || (target.check)(input);
    std::panic::catch_unwind(check).unwrap_or_else(|_| {
        panic!("{}: {:?}", target.name, String::from_utf8_lossy(input));
    })
}
