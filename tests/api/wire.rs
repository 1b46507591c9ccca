//! The wire itself, below what an HTTP library lets one do: requests that are broken, slow, too long or too many, peers
//! that do not read, and what stands in the answers down to the last byte.

mod answers;
mod broken;
pub(crate) mod peer;
mod slow;

use self::peer::Peer;
use crate::support::Server;

fn peer(server: &Server) -> Peer {
    Peer::connect(server.client.address())
}
