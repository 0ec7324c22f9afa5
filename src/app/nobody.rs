//! A shared secret that is nobody's. It is opened where no other is, by the same steps, so that how
//! long a refusal takes does not tell what kind of key was named, or whether there is one.

use std::sync::Arc;

use crate::crypto::keys::HmacKey;
use crate::crypto::sealing::{Purpose, SealError, Sealer};
use crate::entropy::Entropy;

/// A sealed secret under a name that no institution was told; clones share it.
#[derive(Debug, Clone)]
pub struct Nobody(Arc<Sealed>);

#[derive(Debug)]
struct Sealed {
    name: String,
    secret: Vec<u8>,
}

impl Nobody {
    /// Made by chance, of the length and with the kind of name that others have.
    pub fn new(sealer: &Sealer, entropy: &dyn Entropy) -> Result<Self, SealError> {
        let key = HmacKey::from_random(entropy.bytes());
        let name = key.key_id().to_string();
        let secret = sealer.seal(
            Purpose::SharedSecret,
            name.as_bytes(),
            key.expose(),
            entropy,
        )?;
        Ok(Self(Arc::new(Sealed { name, secret })))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// As it would stand in the database.
    pub fn sealed(&self) -> &[u8] {
        &self.0.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn nobodys_secret_opens_like_anybodys_and_no_two_are_alike() {
        let sealer = Sealer::new([7; 32]);
        let made = || Nobody::new(&sealer, &SystemEntropy::new()).unwrap();
        let secret = |nobody: &Nobody| {
            let name = nobody.name().as_bytes();
            sealer.open(Purpose::SharedSecret, name, nobody.sealed())
        };
        let (one, other) = (made(), made());
        let key = HmacKey::new(secret(&one).unwrap()).unwrap();
        assert_eq!(key.key_id().to_string(), one.name());
        assert_ne!(secret(&one), secret(&other));
        assert_ne!(one.name(), other.name());
    }
}
