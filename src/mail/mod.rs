//! Mail: invitations, password resets, what came by the contact form, and what waits for review. What is to be sent is found
//! in the log of changes, or asked for, and stands in a queue in the database until a mail server has taken it. A mail is
//! written when it is sent: the queue has no texts, and no secret of a link.

pub mod follower;
pub mod http;
pub mod letter;
pub mod model;
pub mod post;
pub mod store;
