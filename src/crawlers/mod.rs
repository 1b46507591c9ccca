//! What search engines and other machines ask a site for: its sitemap, `robots.txt` and `llms.txt`.

pub mod http;
mod llms;
mod sitemap;
