//! Which addresses are on the public internet: those that no registry of special purposes names (RFC 6890 and what came
//! after it), and of IPv6 those alone that have been given out, 2000::/3. An address that carries an IPv4 address within is
//! as public as that.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The networks of IPv4 that are not public: the first address, and how many bits of it count.
const V4: [([u8; 4], u32); 15] = [
    // This network, private, shared, loopback, link-local.
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    // Protocol assignments, documentation, the former 6to4 relays, AS112, private, benchmarks.
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // Multicast, and what is reserved with broadcast at its end.
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// The networks within 2000::/3 that are not public: protocol assignments with benchmarks and ORCHID (Teredo is looked
/// into before), documentation twice.
const V6: [([u16; 2], u32); 3] = [([0x2001, 0], 23), ([0x2001, 0xdb8], 32), ([0x3fff, 0], 20)];

/// Whether an address is on the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// An IPv4 address where it is one in the dress of IPv6.
#[must_use]
pub fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(mapped) => mapped.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    V4.iter().all(|(network, length)| {
        let network = u32::from_be_bytes(*network);
        (bits ^ network) >> (32 - length) != 0
    })
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let within = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match [a, b, c, d, e, f] {
        // Mapped, and translated by the well-known prefix.
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => is_public_v4(within(g, h)),
        // 6to4.
        [0x2002, ..] => is_public_v4(within(b, c)),
        // Teredo: the server, and the client turned over.
        [0x2001, 0, ..] => is_public_v4(within(c, d)) && is_public_v4(within(!g, !h)),
        _ => {
            let bits = (u32::from(a) << 16) | u32::from(b);
            let given_out = a & 0xe000 == 0x2000;
            given_out
                && V6.iter().all(|([high, low], length)| {
                    let network = (u32::from(*high) << 16) | u32::from(*low);
                    (bits ^ network) >> (32 - length) != 0
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Networks that are not public, each with its first and last address.
    const CLOSED: &[(&str, &str)] = &[
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "255.255.255.255"),
    ];

    fn public(address: Ipv4Addr) -> [bool; 6] {
        let [a, b, c, d] = address.octets().map(u16::from);
        let (high, low) = ((a << 8) | b, (c << 8) | d);
        [
            IpAddr::V4(address),
            IpAddr::V6(address.to_ipv6_mapped()),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into(),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into(),
            // Its server, and its client.
            Ipv6Addr::new(0x2001, 0, high, low, 0, 0, !0x0808, !0x0808).into(),
            Ipv6Addr::new(0x2001, 0, 0x0808, 0x0808, 0, 0, !high, !low).into(),
        ]
        .map(is_public)
    }

    #[test]
    fn both_sides_of_each_border_of_ipv4_in_every_dress() {
        let mut open_before = None;
        for (first, last) in CLOSED {
            let [first, last]: [Ipv4Addr; 2] = [first.parse().unwrap(), last.parse().unwrap()];
            assert_eq!(public(first), [false; 6], "{first}");
            assert_eq!(public(last), [false; 6], "{last}");
            if first.to_bits() > 0 {
                let before = Ipv4Addr::from_bits(first.to_bits() - 1);
                assert_eq!(public(before), [true; 6], "{before}");
                open_before = Some(before);
            }
            if last.to_bits() < u32::MAX {
                let after = Ipv4Addr::from_bits(last.to_bits() + 1);
                assert_eq!(public(after), [true; 6], "{after}");
            }
        }
        assert_eq!(open_before, Some(Ipv4Addr::new(223, 255, 255, 255)));
    }

    #[test]
    fn both_sides_of_each_border_of_ipv6() {
        for (address, expected) in [
            ("::", false),
            ("::1", false),
            // IPv4-compatible, long gone, and translated by a prefix of one's own network.
            ("::8.8.8.8", false),
            ("64:ff9b:1::808:808", false),
            ("100::1", false),
            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2000::", true),
            ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:1::1", false),
            ("2001:2::1", false),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:200::", true),
            ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db8::", false),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db9::", true),
            ("2606:4700::1", true),
            ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("3fff::", false),
            ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("3fff:1000::", true),
            ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("4000::", false),
            ("5f00::1", false),
            ("fbff:ffff::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(is_public(parsed), expected, "{address}");
        }
    }
}
