//! Locked boxes: what must be stored or sent through a browser, but not read or changed there.
//!
//! One master key; from it HKDF-SHA256 derives a key for each purpose and each use, so that a
//! cookie can never be opened as a cursor. A sealed value is a version byte, a random nonce of 96
//! bits and AES-256-GCM over the content; the associated data (whose row, which tenant) is bound to
//! it but not in it.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::hmac;

use super::digest::exactly;
use crate::entropy::Entropy;

/// Seals and opens with keys that only this server has.
#[derive(Clone)]
pub struct Sealer(Prk);

/// What a sealed value or a code is for. Each has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Seeds of our signing keys, in the database.
    SigningSeed,
    /// What a payment account's institution gave us to sign with, in the database.
    Credential,
    /// Secrets that we share with institutions or webhook receivers, in the database.
    SharedSecret,
    /// Cookies.
    Cookie,
    /// Positions in a list, handed to a client.
    Cursor,
    /// Proof that a form came from our own page.
    Form,
    /// What stands for a payer's code or reference where the value itself must not be kept.
    Payer,
    /// What ties the lines of the audit log together.
    Audit,
    /// The secrets on blank plates.
    Claim,
    /// Values in a handover that come back through a payer's browser.
    Handover,
}

/// Why a value was not sealed or opened. Opening tells nothing about the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Changed, of another purpose, owner or server, or never ours.
    #[error("this value was not sealed here for this purpose")]
    Open,
    /// Longer than the cipher takes.
    #[error("this value is too long to be sealed")]
    TooLong,
}

/// The first byte of every sealed value; another one will mean another layout or cipher.
const VERSION: u8 = 1;

/// Parts this derivation from any other use of the same master key.
const SALT: &[u8] = b"tongma-sealing-v1";

impl Sealer {
    /// Derives everything from 32 random bytes.
    pub fn new(master: [u8; 32]) -> Self {
        Self(Salt::new(HKDF_SHA256, SALT).extract(&master))
    }

    /// Seals `plain` for a purpose, bound to `aad`.
    pub fn seal(
        &self,
        purpose: Purpose,
        aad: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, SealError> {
        let nonce = entropy.bytes::<NONCE_LEN>();
        let mut content = plain.to_vec();
        self.cipher(purpose)
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                &mut content,
            )
            .map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION], nonce.as_slice(), &content].concat())
    }

    /// Opens what [`Sealer::seal`] made with the same purpose and `aad`.
    pub fn open(&self, purpose: Purpose, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Open)?;
        let (nonce, content) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::Open)?;
        if *version != VERSION {
            return Err(SealError::Open);
        }
        let mut content = content.to_vec();
        let plain = self
            .cipher(purpose)
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(aad),
                &mut content,
            )
            .map_err(|_| SealError::Open)?;
        Ok(plain.to_vec())
    }

    /// [`Sealer::seal`] as base64url, for cookies and cursors.
    pub fn seal_text(
        &self,
        purpose: Purpose,
        aad: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<String, SealError> {
        Ok(BASE64URL_NOPAD.encode(&self.seal(purpose, aad, plain, entropy)?))
    }

    /// Opens what [`Sealer::seal_text`] made.
    pub fn open_text(
        &self,
        purpose: Purpose,
        aad: &[u8],
        text: &str,
    ) -> Result<Vec<u8>, SealError> {
        let sealed = BASE64URL_NOPAD
            .decode(text.as_bytes())
            .map_err(|_| SealError::Open)?;
        self.open(purpose, aad, &sealed)
    }

    /// A keyed fingerprint: the same for the same bytes and purpose, unguessable without the key.
    pub fn mac(&self, purpose: Purpose, bytes: &[u8]) -> [u8; 32] {
        exactly(hmac::sign(&self.mac_key(purpose), bytes).as_ref())
    }

    /// Whether `mac` is the fingerprint of `bytes`, in constant time.
    pub fn check_mac(&self, purpose: Purpose, bytes: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.mac_key(purpose), bytes, mac).is_ok()
    }

    #[expect(
        clippy::expect_used,
        reason = "ring refuses only outputs of over 8160 bytes"
    )]
    fn cipher(&self, purpose: Purpose) -> LessSafeKey {
        let info = [purpose.label(), b"/seal"];
        let derived = self.0.expand(&info, &AES_256_GCM).expect("one key fits");
        LessSafeKey::new(UnboundKey::from(derived))
    }

    #[expect(
        clippy::expect_used,
        reason = "ring refuses only outputs of over 8160 bytes"
    )]
    fn mac_key(&self, purpose: Purpose) -> hmac::Key {
        let info = [purpose.label(), b"/mac"];
        hmac::Key::from(
            self.0
                .expand(&info, hmac::HMAC_SHA256)
                .expect("one key fits"),
        )
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(secret)")
    }
}

impl Purpose {
    /// Never change one: values in databases and cookies are sealed under it.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SigningSeed => b"signing-seed",
            Self::Credential => b"credential",
            Self::SharedSecret => b"shared-secret",
            Self::Cookie => b"cookie",
            Self::Cursor => b"cursor",
            Self::Form => b"form",
            Self::Payer => b"payer",
            Self::Audit => b"audit",
            Self::Claim => b"claim",
            Self::Handover => b"handover",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entropy::SystemEntropy;

    fn sealer() -> Sealer {
        Sealer::new([3; 32])
    }

    fn sealed() -> Vec<u8> {
        sealer()
            .seal(Purpose::Cookie, b"mer_1", b"payer", &SystemEntropy::new())
            .unwrap()
    }

    #[test]
    fn what_was_sealed_opens() {
        assert_eq!(
            sealer().open(Purpose::Cookie, b"mer_1", &sealed()).unwrap(),
            b"payer"
        );
        let entropy = SystemEntropy::new();
        let text = sealer()
            .seal_text(Purpose::Cursor, b"mer_1", b"after", &entropy)
            .unwrap();
        assert_eq!(
            sealer()
                .open_text(Purpose::Cursor, b"mer_1", &text)
                .unwrap(),
            b"after"
        );
    }

    #[test]
    fn the_same_value_is_never_sealed_alike_twice() {
        assert_ne!(sealed(), sealed());
    }

    #[test]
    fn another_purpose_owner_or_server_does_not_open() {
        let sealed = sealed();
        assert_eq!(
            sealer().open(Purpose::Cursor, b"mer_1", &sealed),
            Err(SealError::Open)
        );
        assert_eq!(
            sealer().open(Purpose::Cookie, b"mer_2", &sealed),
            Err(SealError::Open)
        );
        let other = Sealer::new([4; 32]);
        assert_eq!(
            other.open(Purpose::Cookie, b"mer_1", &sealed),
            Err(SealError::Open)
        );
    }

    #[test]
    fn a_fingerprint_belongs_to_its_bytes_and_its_purpose() {
        let mac = sealer().mac(Purpose::Payer, b"134567890123456789");
        assert!(sealer().check_mac(Purpose::Payer, b"134567890123456789", &mac));
        assert!(!sealer().check_mac(Purpose::Payer, b"134567890123456780", &mac));
        assert!(!sealer().check_mac(Purpose::Form, b"134567890123456789", &mac));
        assert!(!sealer().check_mac(Purpose::Payer, b"134567890123456789", &mac[..31]));
    }

    #[test]
    fn a_sealer_does_not_show_its_key() {
        assert_eq!(format!("{:?}", sealer()), "Sealer(secret)");
    }

    proptest! {
        #[test]
        fn one_flipped_bit_does_not_open(bit in 0_usize..(1 + 12 + 5 + 16) * 8) {
            let mut sealed = sealed();
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer().open(Purpose::Cookie, b"mer_1", &sealed), Err(SealError::Open));
        }

        #[test]
        fn no_bytes_make_opening_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(sealer().open(Purpose::Cookie, b"", &bytes).is_err());
        }
    }
}
