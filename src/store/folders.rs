//! The XDG folders (Base Directory Specification 0.8): where a variable names one, no home
//! directory is needed. A path that is not absolute counts as none, as the specification has it:
//! it would be another folder wherever the program is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::StoreError;

/// A file or folder, and what led to it: to be named where it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where it is.
    pub path: PathBuf,
    /// What says so: an option, a variable, a key of the config file.
    pub by: String,
    /// The option by which another one is named.
    pub option: &'static str,
}

impl Place {
    /// The data directory where none is named: `undertone` in the XDG data folder.
    ///
    /// # Errors
    /// [`StoreError::NoHome`], where there is no home directory either.
    pub fn data_dir() -> Result<Self, StoreError> {
        let (folder, by) = folder("XDG_DATA_HOME", ".local/share")
            .ok_or_else(|| StoreError::NoHome(why_none("XDG_DATA_HOME")))?;
        Ok(Self {
            path: folder.join("undertone"),
            by: by.to_owned(),
            option: "--data-dir",
        })
    }

    /// The config file where none is named; `None` without a home directory.
    #[must_use]
    pub fn config_file() -> Option<Self> {
        let (folder, by) = folder("XDG_CONFIG_HOME", ".config")?;
        Some(Self {
            path: folder.join("undertone").join("config.toml"),
            by: by.to_owned(),
            option: "--config",
        })
    }
}

fn folder(variable: &'static str, in_home: &str) -> Option<(PathBuf, &'static str)> {
    let named = set(variable).map(PathBuf::from);
    if let Some(named) = named.filter(|path| path.is_absolute()) {
        return Some((named, variable));
    }
    let home = std::env::home_dir().filter(|path| path.is_absolute())?;
    let by = match set("HOME") {
        Some(_) => "HOME",
        None => "your account's home directory",
    };
    Some((home.join(in_home), by))
}

/// An empty variable is one that is not set.
fn set(variable: &str) -> Option<OsString> {
    std::env::var_os(variable).filter(|value| !value.is_empty())
}

/// Why neither the variable nor the home directory names a folder.
fn why_none(variable: &str) -> String {
    let fault = |name: &str| {
        let value = set(name)?;
        let shown = Path::new(&value).display();
        Some(format!("{name} is no absolute path ({shown})"))
    };
    let home = fault("HOME").unwrap_or_else(|| "HOME is not set".to_owned());
    match fault(variable) {
        Some(other) => format!("{home}, and {other}"),
        None => home,
    }
}
