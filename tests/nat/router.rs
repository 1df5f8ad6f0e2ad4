//! What a router does to connections that pass it, as rules for nft(8): mapping and
//! filtering as RFC 5382 §4 names them for TCP, RFC 4787 §4 and §5 for UDP: alike for both, but
//! where a kind says otherwise.
//!
//! A port outside never equals the one inside, so whoever mistakes one for the other
//! fails here.

use std::net::Ipv4Addr;

/// A kind of router.
#[derive(Clone, Copy)]
pub(crate) struct Nat {
    /// The same port outside towards everyone, or a new one for each; of TCP, and of UDP.
    endpoint_independent: bool,
    endpoint_independent_udp: bool,
    /// Lets anyone in through a mapping that is there, its own customers included
    /// (hairpin).
    open: bool,
    /// Answers strangers with a reset; otherwise with silence.
    refuses: bool,
    /// Drops a SYN that crosses one of ours: no simultaneous open passes it.
    strict: bool,
    /// Lets connections out to TCP ports 80 and 443 only.
    web_only: bool,
    /// Lets no UDP out.
    no_udp: bool,
}

/// The usual home router.
pub(crate) const RESTRICTED: Nat = Nat {
    endpoint_independent: true,
    endpoint_independent_udp: true,
    open: false,
    refuses: false,
    strict: false,
    web_only: false,
    no_udp: false,
};
/// One that tells strangers that nobody is there.
pub(crate) const REJECTING: Nat = Nat {
    refuses: true,
    ..RESTRICTED
};
/// A new port outside for every destination.
pub(crate) const SYMMETRIC: Nat = Nat {
    endpoint_independent: false,
    endpoint_independent_udp: false,
    ..RESTRICTED
};
/// One that takes two SYNs which cross for an attack.
pub(crate) const TCP_STRICT: Nat = Nat {
    strict: true,
    ..RESTRICTED
};
/// A new port outside for every destination of TCP, and one for all of UDP.
pub(crate) const TCP_SYMMETRIC: Nat = Nat {
    endpoint_independent: false,
    ..RESTRICTED
};
/// One that lets no UDP out.
pub(crate) const UDP_BLOCKED: Nat = Nat {
    no_udp: true,
    ..RESTRICTED
};
/// A guest network: symmetric, and the web is all there is.
pub(crate) const WEB_ONLY: Nat = Nat {
    web_only: true,
    no_udp: true,
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
        let port = |protocol| format!("{protocol} sport ^ {key:#x}");
        let mapping = |protocol, independent| match independent {
            true => format!("masquerade to :{}", port(protocol)),
            false => "masquerade fully-random".to_owned(),
        };
        let tcp = mapping("tcp", self.endpoint_independent);
        let udp = mapping("udp", self.endpoint_independent_udp);
        let chosen = |is: bool, rule| if is { rule } else { "" };
        let narrow = chosen(
            self.web_only,
            r#"iifname "lan" tcp dport != { 80, 443 } drop"#,
        );
        let no_udp = chosen(self.no_udp, r#"iifname "lan" meta l4proto udp drop"#);
        let strict = chosen(
            self.strict,
            "ct direction reply tcp flags & (syn | ack) == syn drop",
        );
        // A stranger's packet ends before conntrack records it: an entry would be in the
        // way of a mapping that comes later.
        let stranger = if self.refuses {
            "meta l4proto tcp reject with tcp reset
                    meta l4proto udp reject"
        } else {
            "drop"
        };
        let open = if self.open {
            ["tcp", "udp"]
                .map(|protocol| open(protocol, &port(protocol), public))
                .concat()
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
                    oifname "wan" meta l4proto tcp {tcp}
                    oifname "wan" meta l4proto udp {udp}
                }}
                chain through {{
                    type filter hook forward priority filter
                    {narrow}
                    {no_udp}
                    {strict}
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
fn open(protocol: &str, port: &str, public: Ipv4Addr) -> String {
    format!(
        r#"
        map {protocol}_mappings {{
            type inet_service : ipv4_addr . inet_service
            flags dynamic,timeout
            timeout 5m
        }}
        chain {protocol}_remember {{
            type filter hook postrouting priority srcnat + 10
            oifname "wan" meta l4proto {protocol} ct direction original update @{protocol}_mappings {{ {protocol} sport : ct original ip saddr . ct original proto-src }}
        }}
        chain {protocol}_inbound {{
            type nat hook prerouting priority dstnat
            ip daddr {public} dnat ip to {protocol} dport map @{protocol}_mappings
        }}
        chain {protocol}_hairpin {{
            type nat hook postrouting priority srcnat
            oifname "lan" ip saddr 100.64.0.0/24 meta l4proto {protocol} ct status dnat snat ip to {public}:{port}
        }}"#
    )
}
