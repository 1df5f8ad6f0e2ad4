//! The XDG folders (Base Directory Specification 0.8): where a variable names one, no home
//! directory is needed. A path that is not absolute counts as none, as the specification has it:
//! it would be another folder wherever the program is started.

use std::path::PathBuf;

/// Where programs keep their data.
pub(super) fn data_dir() -> Option<PathBuf> {
    folder("XDG_DATA_HOME", ".local/share")
}

/// Where programs keep their settings; `None` without a home directory.
#[must_use]
pub fn config_dir() -> Option<PathBuf> {
    folder("XDG_CONFIG_HOME", ".config")
}

fn folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.filter(absolute).or_else(|| {
        let home = std::env::home_dir().filter(absolute)?;
        Some(home.join(in_home))
    })
}
