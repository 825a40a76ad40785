//! Opening files below a folder with no link on the way: by one call where the system has one (Linux 5.6), which is also
//! sure that nothing changes meanwhile. Whether it is a regular file is for the caller to ask.

use std::fs::File;
use std::path::Path;

/// A folder that files are opened below.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(super) struct Beneath(Option<File>);

/// What came of it.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(super) enum Opened {
    /// The file, of whatever kind.
    File(File),
    /// There is a link on the way, or the way leads out of the folder.
    Link,
    /// It cannot be opened.
    Failed(std::io::Error),
    /// The system cannot open files in this way.
    Unknown,
}

impl Beneath {
    pub(super) fn new(folder: &Path) -> Self {
        Self(File::open(folder).ok())
    }

    /// Opens a file for reading; never waits for the other end of a pipe.
    #[cfg(target_os = "linux")]
    pub(super) fn open(&self, path: &str) -> Opened {
        use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
        use rustix::io::Errno;
        let Some(folder) = &self.0 else { return Opened::Unknown };
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let way = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match openat2(folder, path, flags, Mode::empty(), way) {
            Ok(file) => Opened::File(file.into()),
            Err(Errno::LOOP | Errno::XDEV) => Opened::Link,
            Err(Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::AGAIN) => Opened::Unknown,
            Err(error) => Opened::Failed(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn open(&self, _: &str) -> Opened {
        Opened::Unknown
    }
}
