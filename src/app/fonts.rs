//! The fonts that signs are printed with: named by the operator, or where the system's packages put
//! them.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use crate::print::FontFile;

/// A regular and a bold font.
#[derive(Debug, Clone)]
pub struct FontFiles {
    /// For reading.
    pub regular: FontFile,
    /// For finding; the regular one where a system has no other.
    pub bold: FontFile,
}

/// Where fonts are taken from. They are read once, when the first sign is printed: tens of megabytes
/// that a server which prints nothing does without.
#[derive(Clone)]
pub struct FontShelf(Arc<Shelf>);

struct Shelf {
    places: &'static [[(&'static str, u32); 2]],
    read: OnceLock<FontFiles>,
}

/// There is no font with Chinese.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no font with Chinese was found: install {package}, or name one in print.font_file")]
pub struct NoFonts {
    /// What this system calls the package that has one.
    pub package: &'static str,
}

const NOTO_SC: u32 = 2;

/// Regular and bold, with the face of a collection that has the shapes of simplified Chinese.
const PLACES: &[[(&str, u32); 2]] = &[
    // Debian, Ubuntu.
    [
        (
            "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
            NOTO_SC,
        ),
        (
            "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
            NOTO_SC,
        ),
    ],
    // Fedora, RHEL.
    [
        (
            "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
            NOTO_SC,
        ),
        (
            "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Bold.ttc",
            NOTO_SC,
        ),
    ],
    // Alpine.
    [
        ("/usr/share/fonts/noto/NotoSansCJK-Regular.ttc", NOTO_SC),
        ("/usr/share/fonts/noto/NotoSansCJK-Bold.ttc", NOTO_SC),
    ],
    // Arch.
    [
        ("/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc", NOTO_SC),
        ("/usr/share/fonts/noto-cjk/NotoSansCJK-Bold.ttc", NOTO_SC),
    ],
    // openSUSE.
    [
        ("/usr/share/fonts/truetype/NotoSansSC-Regular.otf", 0),
        ("/usr/share/fonts/truetype/NotoSansSC-Bold.otf", 0),
    ],
    // A smaller one that has no bold.
    [
        ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
        ("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", 0),
    ],
];

/// What systems call themselves (os-release: `ID`, `ID_LIKE`), and their package.
const PACKAGES: &[(&str, &str)] = &[
    ("debian", "fonts-noto-cjk"),
    ("ubuntu", "fonts-noto-cjk"),
    ("fedora", "google-noto-sans-cjk-fonts"),
    ("rhel", "google-noto-sans-cjk-fonts"),
    ("alpine", "font-noto-cjk"),
    ("arch", "noto-fonts-cjk"),
    ("suse", "google-noto-sans-sc-fonts"),
    ("opensuse", "google-noto-sans-sc-fonts"),
];
const OTHERWISE: &str = "Noto Sans CJK";

impl FontShelf {
    /// What the system's packages have.
    pub fn of_system() -> Self {
        Self::at(PLACES)
    }

    /// Nothing, as on a system without fonts.
    pub fn empty() -> Self {
        Self::at(&[])
    }

    /// These.
    pub fn with(files: FontFiles) -> Self {
        Self(Arc::new(Shelf {
            places: &[],
            read: OnceLock::from(files),
        }))
    }

    fn at(places: &'static [[(&'static str, u32); 2]]) -> Self {
        Self(Arc::new(Shelf {
            places,
            read: OnceLock::new(),
        }))
    }

    /// The fonts; reads them from the disk the first time. Where there are none, they are looked for
    /// again the next time, so that installing them is enough.
    pub fn files(&self) -> Result<FontFiles, NoFonts> {
        if let Some(files) = self.0.read.get() {
            return Ok(files.clone());
        }
        let found = self.0.places.iter().find_map(read);
        match found {
            Some(files) => Ok(self.0.read.get_or_init(|| files).clone()),
            None => Err(NoFonts {
                package: package(Path::new("/etc/os-release")),
            }),
        }
    }
}

impl fmt::Debug for FontShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FontShelf(read: {})", self.0.read.get().is_some())
    }
}

fn read([regular, bold]: &[(&str, u32); 2]) -> Option<FontFiles> {
    let file = |(path, index): &(&str, u32)| {
        let bytes = std::fs::read(path).ok()?;
        Some(FontFile {
            bytes: Arc::new(bytes),
            index: *index,
        })
    };
    let first = file(regular)?;
    let bold = if bold == regular {
        first.clone()
    } else {
        file(bold).unwrap_or_else(|| first.clone())
    };
    Some(FontFiles {
        regular: first,
        bold,
    })
}

fn package(release: &Path) -> &'static str {
    package_for(&std::fs::read_to_string(release).unwrap_or_default())
}

fn package_for(release: &str) -> &'static str {
    let value = |name: &str| {
        let mut lines = release.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().trim_matches('"').to_owned()
    };
    let names = format!("{} {}", value("ID"), value("ID_LIKE"));
    let known = names.split_whitespace().find_map(|name| {
        let name = name.split('-').next().unwrap_or(name);
        PACKAGES.iter().find(|(system, _)| *system == name)
    });
    known.map_or(OTHERWISE, |(_, package)| package)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_is_told_its_own_package() {
        for (release, package) in [
            ("ID=debian\nVERSION_ID=\"13\"\n", "fonts-noto-cjk"),
            (
                "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
                "fonts-noto-cjk",
            ),
            ("NAME=Fedora\nID=fedora\n", "google-noto-sans-cjk-fonts"),
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
                "google-noto-sans-cjk-fonts",
            ),
            ("ID=alpine\n", "font-noto-cjk"),
            (
                "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n",
                "google-noto-sans-sc-fonts",
            ),
            ("", "Noto Sans CJK"),
        ] {
            assert_eq!(package_for(release), package, "{release}");
        }
    }

    #[test]
    fn a_shelf_without_fonts_says_what_to_install() {
        let told = FontShelf::empty().files().unwrap_err();
        assert!(told.to_string().contains(told.package), "{told}");
        assert!(told.to_string().contains("print.font_file"), "{told}");
    }
}
