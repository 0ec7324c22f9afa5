//! Stories about keys.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::public::{SMALL_ORDER, with_ends};
use super::*;
use crate::crypto::digest::sha256;

// RFC 8037 A.1 and A.2.
const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

fn key() -> SigningKey {
    SigningKey::from_seed(&bytes(SEED).try_into().unwrap())
}

fn bytes(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn the_public_key_of_rfc_8037_follows_from_its_seed() {
    assert_eq!(key().public().as_bytes().as_slice(), bytes(X));
}

#[test]
fn the_thumbprint_is_the_one_in_rfc_8037() {
    assert_eq!(
        key().key_id().as_str(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    assert_eq!(key().public().short_id(), [0x90, 0xfa, 0xca, 0xfe]);
}

#[test]
fn a_signature_holds_for_its_message_only() {
    let signature = key().sign(b"12.00");
    assert_eq!(key().public().verify(b"12.00", &signature), Ok(()));
    assert_eq!(
        key().public().verify(b"12.01", &signature),
        Err(BadSignature)
    );
}

#[test]
fn a_signature_has_one_form() {
    // The group's order, little-endian; S + L would verify for a lax reader.
    const L: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut signature = key().sign(b"message");
    let mut carry = 0;
    for (byte, add) in signature[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(
        key().public().verify(b"message", &signature),
        Err(BadSignature)
    );
}

#[test]
fn keys_under_which_anyone_can_forge_are_refused() {
    let prime = with_ends(0xed, 0xff, 0x7f);
    let above = with_ends(0xff, 0xff, 0x7f);
    for mut weak in SMALL_ORDER.into_iter().chain([prime, above]) {
        assert_eq!(PublicKey::new(&weak), Err(KeyError::WeakPoint), "{weak:?}");
        weak[31] |= 0x80;
        assert_eq!(PublicKey::new(&weak), Err(KeyError::WeakPoint), "{weak:?}");
    }
    assert_eq!(PublicKey::new(&bytes(X)), Ok(*key().public()));
}

#[test]
fn the_points_of_small_order_are_those_that_are_known() {
    let (zeros, ones) = ("00".repeat(30), "ff".repeat(30));
    for weak in [
        format!("00{zeros}00"),
        format!("01{zeros}00"),
        format!("ec{ones}7f"),
        format!("ed{ones}7f"),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned(),
    ] {
        let weak_key = PublicKey::new(&hex(&weak));
        assert_eq!(weak_key, Err(KeyError::WeakPoint), "{weak}");
    }
    for sound in [format!("eb{ones}7f"), format!("02{zeros}00")] {
        assert!(PublicKey::new(&hex(&sound)).is_ok(), "{sound}");
    }
}

#[test]
fn a_key_of_another_length_is_refused() {
    assert_eq!(PublicKey::new(&[7; 31]), Err(KeyError::Length(31)));
    assert_eq!(
        HmacKey::new(vec![7; 31]).unwrap_err(),
        KeyError::ShortSecret { min: 32, found: 31 }
    );
}

#[test]
fn a_secret_that_somebody_made_up_is_refused() {
    let made_up: [Vec<u8>; 8] = [
        vec![0; 32],
        vec![0xab; 64],
        (0..64).collect(),
        (0..64).rev().map(|n| n * 3).collect(),
        b"correct horse staple".repeat(4),
        b"01234567890123456789012345678901".to_vec(),
        b"abababababababababababababababababab".to_vec(),
        [[7; 16], [9; 16]].concat(),
    ];
    for secret in made_up {
        let refused = HmacKey::chosen(secret.clone()).unwrap_err();
        assert_eq!(refused, KeyError::GuessableSecret, "{secret:?}");
    }
    let short = HmacKey::chosen(bytes(SEED)[..31].to_vec()).unwrap_err();
    assert_eq!(short, KeyError::ShortSecret { min: 32, found: 31 });
    let long = HmacKey::chosen(vec![1; 1025]).unwrap_err();
    assert!(matches!(long, KeyError::LongSecret { .. }), "{long}");
    let digits = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    for secret in [bytes(SEED), bytes(X), digits.into()] {
        assert!(HmacKey::chosen(secret.clone()).is_ok(), "{secret:?}");
    }
}

/// As many bytes as chance would give, each below `below`, beginning with each of them.
fn drawn(below: u8, count: usize) -> Vec<u8> {
    let chance = (0_u8..).flat_map(|n| sha256(&[n, below]));
    let drawn = chance.map(|byte| byte % below).take(count);
    (0..below).chain(drawn).collect()
}

#[test]
fn twelve_different_bytes_and_twelve_different_steps_are_enough() {
    let is_taken = |secret: Vec<u8>| HmacKey::chosen(secret).is_ok();
    // Scattered, so that there are more steps than bytes.
    let of_bytes = |count: u8| {
        let scattered = |n: u8| n.wrapping_mul(n).wrapping_mul(7);
        drawn(count, 60).into_iter().map(scattered).collect()
    };
    // Added up, so that there are more bytes than steps.
    let of_steps = |count: u8| {
        let mut last = 0_u8;
        let steps = drawn(count, 60).into_iter();
        let bytes = steps.map(|step| {
            last = last.wrapping_add(step);
            last
        });
        bytes.collect()
    };
    for (count, expected) in [(10, false), (11, false), (12, true), (13, true)] {
        assert_eq!(is_taken(of_bytes(count)), expected, "{count} bytes");
        assert_eq!(is_taken(of_steps(count)), expected, "{count} steps");
    }
}

#[test]
fn a_secret_that_begins_again_is_refused() {
    let half = &bytes(SEED)[..20];
    assert!(HmacKey::chosen([half, &bytes(X)[..20]].concat()).is_ok());
    for again in [
        half.repeat(2),
        half.repeat(3),
        [half, half, &half[..7]].concat(),
    ] {
        let refused = HmacKey::chosen(again.clone()).unwrap_err();
        assert_eq!(refused, KeyError::GuessableSecret, "{again:?}");
    }
}

#[test]
fn a_secret_is_as_long_as_the_limit_at_most() {
    let of = |length: usize| {
        let chance = (0_u8..).flat_map(|n| sha256(&[n]));
        HmacKey::chosen(chance.take(length).collect())
    };
    assert!(of(1024).is_ok());
    let (max, found) = (1024, 1025);
    assert_eq!(of(1025).unwrap_err(), KeyError::LongSecret { max, found });
}

#[test]
fn a_shared_secret_checks_what_it_signed_and_is_sealed_as_it_is() {
    let secret = HmacKey::new(bytes(SEED)).unwrap();
    assert_eq!(secret.expose(), bytes(SEED));
    let mut mac = secret.mac(b"message");
    assert_eq!(secret.verify(b"message", &mac), Ok(()));
    assert_eq!(secret.verify(b"messagf", &mac), Err(BadSignature));
    let other = HmacKey::new(bytes(X)).unwrap();
    assert_eq!(other.verify(b"message", &mac), Err(BadSignature));
    assert_eq!(secret.verify(b"message", &mac[..31]), Err(BadSignature));
    mac[0] ^= 1;
    assert_eq!(secret.verify(b"message", &mac), Err(BadSignature));
}

#[test]
fn a_public_key_is_never_taken_for_a_shared_secret() {
    let public = *key().public();
    let forged = HmacKey::new(public.as_bytes().to_vec())
        .unwrap()
        .mac(b"pay");
    assert_eq!(
        VerifyingKey::Ed25519(public).verify(b"pay", &forged),
        Err(BadSignature)
    );
}

#[test]
fn a_printed_key_shows_its_name_and_nothing_else() {
    let secret = HmacKey::new(b"0123456789abcdef0123456789abcdef".to_vec()).unwrap();
    assert_eq!(
        format!("{secret:?}"),
        format!("HmacKey({})", secret.key_id())
    );
    assert_eq!(
        format!("{:?}", key()),
        format!("SigningKey({})", key().key_id())
    );
    assert_eq!(
        format!("{:?}", key().public()),
        format!("PublicKey({})", key().key_id())
    );
}

#[test]
fn a_key_id_is_a_thumbprint_or_refused() {
    let id = key().key_id().clone();
    assert_eq!(id.as_str().parse::<KeyId>(), Ok(id));
    for text in [
        "",
        "../../etc/x",
        "' OR 1=1 --",
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l",
    ] {
        assert_eq!(text.parse::<KeyId>(), Err(KeyError::Id), "{text}");
    }
}
