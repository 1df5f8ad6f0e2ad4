//! What a router does to connections that pass it, as rules for nft(8): mapping and
//! filtering as RFC 5382 §4 names them. TCP only.
//!
//! A port outside never equals the one inside, so whoever mistakes one for the other
//! fails here.

use std::net::Ipv4Addr;

/// A kind of router.
#[derive(Clone, Copy)]
pub(crate) struct Nat {
    /// The same port outside towards everyone, or a new one for each.
    endpoint_independent: bool,
    /// Lets anyone in through a mapping that is there, its own customers included
    /// (hairpin).
    open: bool,
    /// Answers strangers with a reset; otherwise with silence.
    refuses: bool,
    /// Lets connections out to ports 80 and 443 only.
    web_only: bool,
}

/// The usual home router.
pub(crate) const RESTRICTED: Nat = Nat {
    endpoint_independent: true,
    open: false,
    refuses: false,
    web_only: false,
};
/// One that tells strangers that nobody is there.
pub(crate) const REJECTING: Nat = Nat {
    refuses: true,
    ..RESTRICTED
};
/// A new port outside for every destination.
pub(crate) const SYMMETRIC: Nat = Nat {
    endpoint_independent: false,
    ..RESTRICTED
};
/// A guest network: symmetric, and the web is all there is.
pub(crate) const WEB_ONLY: Nat = Nat {
    web_only: true,
    ..SYMMETRIC
};
/// What a provider shares an address by.
pub(crate) const PROVIDER: Nat = Nat {
    open: true,
    ..RESTRICTED
};

/// Port outside = port inside ^ key: one to one, never equal, and of the same upper
/// half. A provider's differs from a home's, or two would cancel out.
pub(crate) const HOME_KEY: u16 = 0x0a6b;
/// The same for a provider.
pub(crate) const PROVIDER_KEY: u16 = 0x25b4;

impl Nat {
    /// The rules for a router with interfaces `lan` and `wan`, in place of those that
    /// it has. What is established stays.
    pub(crate) fn rules(self, key: u16, public: Ipv4Addr) -> String {
        let port = format!("tcp sport ^ {key:#x}");
        let mapping = if self.endpoint_independent {
            format!("masquerade to :{port}")
        } else {
            "masquerade fully-random".to_owned()
        };
        let narrow = if self.web_only {
            r#"iifname "lan" tcp dport != { 80, 443 } drop"#
        } else {
            ""
        };
        // A stranger's packet ends before conntrack records it: an entry would be in the
        // way of a mapping that comes later.
        let stranger = if self.refuses {
            "meta l4proto tcp reject with tcp reset"
        } else {
            "drop"
        };
        let open = if self.open {
            open(&port, public)
        } else {
            String::new()
        };
        format!(
            r#"
            table ip router
            delete table ip router
            table ip router {{
                chain outbound {{
                    type nat hook postrouting priority srcnat
                    oifname "wan" meta l4proto tcp {mapping}
                }}
                chain through {{
                    type filter hook forward priority filter
                    {narrow}
                    ct state established,related accept
                    ct status dnat accept
                    iifname "lan" accept
                    {stranger}
                }}
                chain to_itself {{
                    type filter hook input priority filter
                    ct state established,related accept
                    {stranger}
                }}
                {open}
            }}"#
        )
    }
}

/// Whoever writes to a mapping's port outside gets in, from inside too; then the
/// sender is its own mapping as well.
fn open(port: &str, public: Ipv4Addr) -> String {
    format!(
        r#"
        map mappings {{
            type inet_service : ipv4_addr . inet_service
            flags dynamic,timeout
            timeout 5m
        }}
        chain remember {{
            type filter hook postrouting priority srcnat + 10
            oifname "wan" meta l4proto tcp ct direction original update @mappings {{ tcp sport : ct original ip saddr . ct original proto-src }}
        }}
        chain inbound {{
            type nat hook prerouting priority dstnat
            ip daddr {public} dnat ip to tcp dport map @mappings
        }}
        chain hairpin {{
            type nat hook postrouting priority srcnat
            oifname "lan" ip saddr 100.64.0.0/24 meta l4proto tcp ct status dnat snat ip to {public}:{port}
        }}"#
    )
}
