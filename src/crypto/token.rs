//! Secrets that people and programs carry: API keys, sessions, pairing codes, short numbers.
//!
//! An API key is `tm_test_` or `tm_live_`, 256 random bits and 24 bits of checksum, in lower-case
//! base32: it survives a double click, a URL and a log scanner, and a mistyped one is refused
//! without asking the database. Only hashes are stored.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use secrecy::{ExposeSecret, SecretString};

use super::digest::{same, sha256};
use crate::entropy::Entropy;
use crate::word::Mode;

/// A merchant's API key.
#[derive(Clone)]
pub struct ApiToken {
    mode: Mode,
    text: SecretString,
}

/// What a device or browser keeps to be known again: 256 random bits.
#[derive(Clone)]
pub struct SessionToken(SecretString);

/// Eight characters that let a new device in once; read aloud and typed by people.
#[derive(Clone)]
pub struct PairingCode(SecretString);

/// A text that is no secret of the kind that was asked for; it does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed {0}")]
pub struct TokenError(pub &'static str);

/// Bytes of chance in an API key; 32 and 3 bytes are 56 characters of base32 without a spare bit.
const RANDOM_LEN: usize = 32;
const CHECKSUM_LEN: usize = 3;

/// Digits and letters that look and sound like no other: no 0 and O, no 1, I and L, no U and V.
const PAIRING_ALPHABET: [char; 29] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
    'N', 'P', 'Q', 'R', 'S', 'T', 'W', 'X', 'Y', 'Z',
];
const PAIRING_CHARS: usize = 8;

impl ApiToken {
    /// A fresh key.
    pub fn generate(mode: Mode, entropy: &dyn Entropy) -> Self {
        let random = entropy.bytes::<RANDOM_LEN>();
        let body = [random.as_slice(), &checksum(mode, &random)].concat();
        let body = BASE32_NOPAD.encode(&body).to_ascii_lowercase();
        Self {
            mode,
            text: format!("{}{body}", prefix(mode)).into(),
        }
    }

    /// Reads a key from an `Authorization` header; refuses one that was never ours.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        let refused = TokenError("API key");
        let found = Mode::ALL
            .iter()
            .find_map(|mode| Some((*mode, text.strip_prefix(prefix(*mode))?)));
        let (mode, body) = found.ok_or(refused)?;
        if body.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(refused);
        }
        let bytes = BASE32_NOPAD
            .decode(body.to_ascii_uppercase().as_bytes())
            .map_err(|_| refused)?;
        let (random, check) = bytes.split_first_chunk::<RANDOM_LEN>().ok_or(refused)?;
        if same(check, &checksum(mode, random)) {
            Ok(Self {
                mode,
                text: text.into(),
            })
        } else {
            Err(refused)
        }
    }

    /// Test or live.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The key itself, to be shown once.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored and looked up: SHA-256 of the text.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiToken({}…)", prefix(self.mode))
    }
}

impl SessionToken {
    /// A fresh token.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(BASE64URL_NOPAD.encode(&entropy.bytes::<32>()).into())
    }

    /// Reads a token from a cookie.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        match BASE64URL_NOPAD.decode(text.as_bytes()) {
            Ok(bytes) if bytes.len() == 32 => Ok(Self(text.into())),
            Ok(_) | Err(_) => Err(TokenError("session")),
        }
    }

    /// The token itself, for the cookie.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }

    /// Whether this is the token that has this hash, in constant time.
    pub fn matches(&self, hash: &[u8]) -> bool {
        same(&self.hash(), hash)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

impl PairingCode {
    /// A fresh code.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let size = u32::try_from(PAIRING_ALPHABET.len()).unwrap_or(1);
        let pick = || {
            let at = usize::try_from(below(size, entropy)).unwrap_or(0);
            PAIRING_ALPHABET.get(at).copied().unwrap_or('2')
        };
        let code: String = std::iter::repeat_with(pick).take(PAIRING_CHARS).collect();
        Self(code.into())
    }

    /// Reads what a person typed: in either case, with spaces or a dash between.
    pub fn parse(typed: &str) -> Result<Self, TokenError> {
        let refused = TokenError("pairing code");
        if typed.len() > 4 * PAIRING_CHARS {
            return Err(refused);
        }
        let code: String = typed
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let known = code.chars().all(|c| PAIRING_ALPHABET.contains(&c));
        if known && code.len() == PAIRING_CHARS {
            Ok(Self(code.into()))
        } else {
            Err(refused)
        }
    }

    /// The eight characters, to be shown once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored and looked up. Under forty bits can be tried out, so it must expire soon and be
    /// counted.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }
}

impl fmt::Debug for PairingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingCode(…)")
    }
}

/// Six random digits, every number as likely as any other.
pub fn six_digits(entropy: &dyn Entropy) -> String {
    format!("{:06}", below(1_000_000, entropy))
}

/// A number under `limit`, every one as likely: draws that would favour the low ones are dropped.
fn below(limit: u32, entropy: &dyn Entropy) -> u32 {
    let limit = limit.max(1);
    let surplus = (u32::MAX % limit).saturating_add(1) % limit;
    let fair_max = u32::MAX.saturating_sub(surplus);
    loop {
        let drawn = u32::from_be_bytes(entropy.bytes());
        if drawn <= fair_max {
            return drawn % limit;
        }
    }
}

/// What a key of a mode begins with.
const fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "tm_test_",
        Mode::Live => "tm_live_",
    }
}

/// Covers the mode, so that a key cannot be carried over from play to real money by its prefix.
fn checksum(mode: Mode, random: &[u8; RANDOM_LEN]) -> [u8; CHECKSUM_LEN] {
    let [a, b, c, ..] = sha256(&[prefix(mode).as_bytes(), random].concat());
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::entropy::SystemEntropy;

    /// Gives out the bytes that it was made with, then zeros.
    struct Dictated(Mutex<Vec<u8>>);

    impl Entropy for Dictated {
        fn fill(&self, buffer: &mut [u8]) {
            let mut left = self.0.lock().unwrap();
            for byte in buffer {
                *byte = if left.is_empty() { 0 } else { left.remove(0) };
            }
        }
    }

    fn dictated(bytes: &[u8]) -> Dictated {
        Dictated(Mutex::new(bytes.to_vec()))
    }

    #[test]
    fn a_pairing_code_is_typed_with_at_most_three_gaps_a_character() {
        let code = PairingCode::generate(&SystemEntropy::new());
        assert_eq!(code.hash(), sha256(code.expose().as_bytes()));
        let typed = |gaps: usize| format!("{}{}", "-".repeat(gaps), code.expose());
        assert!(PairingCode::parse(&typed(24)).is_ok());
        assert!(PairingCode::parse(&typed(25)).is_err());
    }

    #[test]
    fn an_api_key_is_known_by_the_digest_of_its_text() {
        let token = ApiToken::generate(Mode::Test, &dictated(&[7; 64]));
        assert_eq!(token.hash(), sha256(token.expose().as_bytes()));
    }

    #[test]
    fn an_api_key_is_read_back_with_its_mode() {
        for mode in [Mode::Test, Mode::Live] {
            let token = ApiToken::generate(mode, &SystemEntropy::new());
            let read = ApiToken::parse(token.expose()).unwrap();
            assert_eq!((read.mode(), read.hash()), (mode, token.hash()));
            assert_eq!(token.expose().len(), 64);
        }
    }

    #[test]
    fn a_mistyped_api_key_is_refused() {
        let token = ApiToken::generate(Mode::Test, &SystemEntropy::new());
        let text = token.expose();
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(
                ApiToken::parse(&changed).unwrap_err(),
                TokenError("API key"),
                "{at}"
            );
        }
        for other in [
            text.to_uppercase(),
            format!("{text}a"),
            text.chars().take(63).collect(),
        ] {
            assert!(ApiToken::parse(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_test_key_does_not_become_a_live_key() {
        let token = ApiToken::generate(Mode::Test, &SystemEntropy::new());
        assert!(ApiToken::parse(&token.expose().replace("test", "live")).is_err());
    }

    #[test]
    fn secrets_do_not_show_when_printed() {
        let entropy = dictated(&[]);
        let api = ApiToken::generate(Mode::Live, &entropy);
        assert_eq!(format!("{api:?}"), "ApiToken(tm_live_…)");
        assert_eq!(
            format!("{:?}", SessionToken::generate(&entropy)),
            "SessionToken(…)"
        );
        assert_eq!(
            format!("{:?}", PairingCode::generate(&entropy)),
            "PairingCode(…)"
        );
    }

    #[test]
    fn a_session_is_known_by_its_hash() {
        let session = SessionToken::generate(&SystemEntropy::new());
        assert!(
            SessionToken::parse(session.expose())
                .unwrap()
                .matches(&session.hash())
        );
        let other = SessionToken::generate(&SystemEntropy::new());
        assert!(!other.matches(&session.hash()));
        assert_eq!(SessionToken::parse("x").unwrap_err(), TokenError("session"));
        let short = BASE64URL_NOPAD.encode(&[7; 31]);
        assert!(SessionToken::parse(&short).is_err());
    }

    #[test]
    fn a_pairing_code_is_read_as_people_type_it() {
        let code = PairingCode::generate(&SystemEntropy::new());
        let (first, second) = code.expose().split_at(4);
        let typed = format!(" {}-{} ", first.to_lowercase(), second);
        assert_eq!(PairingCode::parse(&typed).unwrap().hash(), code.hash());
        for wrong in ["", "ABCD234", "ABCD2345X", "ABCD234O", "ABCD234é"] {
            assert!(PairingCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn draws_that_would_favour_low_numbers_are_dropped() {
        // 4,294,000,000 is the first number past the last whole million.
        let first_unfair = 4_294_000_000_u32.to_be_bytes();
        let last_fair = 4_293_999_999_u32.to_be_bytes();
        let seven = 7_u32.to_be_bytes();
        assert_eq!(
            six_digits(&dictated(&[first_unfair, seven].concat())),
            "000007"
        );
        assert_eq!(six_digits(&dictated(&last_fair)), "999999");
        assert_eq!(below(1 << 31, &dictated(&[0xff; 4])), (1 << 31) - 1);
    }
}
