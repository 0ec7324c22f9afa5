//! Where the demo keeps its things: a folder of the user's, or one that goes away again.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::crypto::digest::hex;
use crate::entropy::Entropy;

/// An empty folder; removed at the end where it is nobody's.
pub(super) struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// The folder that was asked for, which must be empty or absent, or a temporary one.
    pub(super) fn open(asked: Option<&Path>, entropy: &dyn Entropy) -> io::Result<Self> {
        let Some(path) = asked else {
            let name = format!("tongma-demo-{}", hex(&entropy.bytes::<8>()));
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path)?;
            return Ok(Self {
                path,
                is_temporary: true,
            });
        };
        fs::create_dir_all(path)?;
        if fs::read_dir(path)?.next().is_some() {
            let why = format!(
                "{} is not empty; the demo begins with an empty folder",
                path.display()
            );
            return Err(io::Error::other(why));
        }
        Ok(Self {
            path: path.to_owned(),
            is_temporary: false,
        })
    }

    /// Writes a file and says where it is.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.path.join(name);
        fs::write(&path, bytes)?;
        Ok(path)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary {
            // What cannot be removed now is removed with the other temporary files some day.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_temporary_folder_goes_away_and_a_named_one_stays() {
        let temporary = Folder::open(None, &SystemEntropy::new()).unwrap();
        let path = temporary.write("a", b"x").unwrap();
        drop(temporary);
        assert!(!path.exists());

        let outer = tempfile::tempdir().unwrap();
        let named = Folder::open(Some(&outer.path().join("b")), &SystemEntropy::new()).unwrap();
        let path = named.write("a", b"x").unwrap();
        drop(named);
        assert!(path.exists());
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        fs::write(outer.path().join("a"), "x").unwrap();
        assert!(Folder::open(Some(outer.path()), &SystemEntropy::new()).is_err());
    }
}
