//! Where a request came from. A proxy's word for it counts only where the proxy is configured as trusted: anybody can
//! send a header.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use actix_web::HttpRequest;
use actix_web::http::header::X_FORWARDED_FOR;
use ipnet::IpNet;

/// The networks whose word for where a request came from counts.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The nearest address that is no trusted proxy: from the connection backwards through `X-Forwarded-For`, to which
    /// each proxy adds at the end whom it heard. What stands before the first that nobody vouches for may be invented.
    #[must_use]
    pub fn peer(&self, request: &HttpRequest) -> IpAddr {
        let connection = request.peer_addr();
        let mut nearest = connection.map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| {
            peer.ip().to_canonical()
        });
        let lines = request.headers().get_all(X_FORWARDED_FOR);
        let values: Vec<String> = lines
            .flat_map(|line| {
                // A byte that is no ASCII spoils its own entry, and not the line that a proxy added to.
                let line = String::from_utf8_lossy(line.as_bytes());
                line.split(',').map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let mut told = values.iter().rev();
        while self.trusts(nearest) {
            let Some(address) = told.next().and_then(|text| address(text)) else {
                break;
            };
            nearest = address.to_canonical();
        }
        nearest
    }
}

/// An address, as some proxies with a port and some in brackets write it.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.trim_start_matches('[').split(']').next()?;
    IpAddr::from_str(bare)
        .or_else(|_no_address| std::net::SocketAddr::from_str(text).map(|address| address.ip()))
        .ok()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn peer(from: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut request = TestRequest::get().peer_addr(format!("{from}:1").parse().unwrap());
        for value in forwarded {
            request = request.append_header((X_FORWARDED_FOR, *value));
        }
        proxies.peer(&request.to_http_request()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            peer("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.2.2.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            peer("10.0.0.1", &["203.0.113.9", "198.51.100.7:4711"]),
            "198.51.100.7"
        );
        assert_eq!(peer("10.0.0.1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(peer("10.0.0.1", &["unknown"]), "10.0.0.1");
        assert_eq!(peer("10.0.0.1", &[]), "10.0.0.1");
    }
}
