//! The names under which a mediator is found on the local network (DNS-SD, RFC 6763).

use std::fmt;
use std::str::FromStr;

/// The type of service.
pub const SERVICE: &str = "_undertone._tcp.local.";

/// Tells one announcement from another: 64 random bits, shown as 16 hexadecimal digits. Of two
/// mediators those who wait take the one with the smaller id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceId(pub u64);

impl InstanceId {
    /// That of an instance's full name, `ID._undertone._tcp.local.`; `None` for any other name.
    #[must_use]
    pub fn of(full_name: &str) -> Option<Self> {
        full_name
            .strip_suffix(SERVICE)?
            .strip_suffix('.')?
            .parse()
            .ok()
    }

    /// The full name of the instance.
    #[must_use]
    pub fn full_name(self) -> String {
        format!("{self}.{SERVICE}")
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Not 16 lower-case hexadecimal digits.
#[derive(Debug, PartialEq, Eq)]
pub struct NoInstanceId;

impl FromStr for InstanceId {
    type Err = NoInstanceId;

    fn from_str(text: &str) -> Result<Self, NoInstanceId> {
        let id = u64::from_str_radix(text, 16).map(Self);
        // `from_str_radix` would take a sign, fewer digits and capitals.
        id.ok()
            .filter(|id| id.to_string() == text)
            .ok_or(NoInstanceId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sixteen_digits_and_nothing_else_is_one() {
        let id = InstanceId(0x0012_3456_789a_bcde);
        assert_eq!(id.to_string(), "00123456789abcde");
        assert_eq!(InstanceId::of(&id.full_name()), Some(id));
        for name in [
            "00123456789abcde",
            "+0123456789abcde._undertone._tcp.local.",
            "123456789abcde._undertone._tcp.local.",
            "00123456789ABCDE._undertone._tcp.local.",
            "00123456789abcde_undertone._tcp.local.",
            "x.00123456789abcde._undertone._tcp.local.",
            "\u{1b}[2J._undertone._tcp.local.",
        ] {
            assert_eq!(InstanceId::of(name), None, "{name}");
        }
        assert!(InstanceId(1) < InstanceId(2));
    }
}
