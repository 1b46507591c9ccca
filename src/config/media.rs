//! Where media are kept, and what is made of them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::base_url;
use crate::media::files::{Bucket, Files};
use crate::media::library::{Library, Settings};
use crate::media::picture::Recipe;

/// The folder of media, in the data folder.
const FOLDER: &str = "media";

/// Where media are kept, and what is made of them.
#[derive(Debug, Clone, Args)]
pub struct Media {
    /// Where media are kept: a folder, or a bucket as s3://bucket or s3://bucket/prefix; `media` in the data folder where nothing is said
    #[arg(long, env = "MASTHEAD_MEDIA_STORE", value_parser = place, value_name = "PLACE")]
    pub media_store: Option<Place>,

    /// Address of a service that speaks the language of S3, such as http://127.0.0.1:9000; that of AWS where nothing is said
    #[arg(long, env = "MASTHEAD_MEDIA_S3_ENDPOINT", value_parser = base_url, value_name = "URL")]
    pub media_s3_endpoint: Option<String>,

    /// Region of the bucket
    #[arg(
        long,
        env = "MASTHEAD_MEDIA_S3_REGION",
        default_value = "us-east-1",
        value_name = "REGION"
    )]
    pub media_s3_region: String,

    /// Id of the key to the bucket; without one, what the machine's role gives
    #[arg(
        long,
        env = "MASTHEAD_MEDIA_S3_KEY_ID",
        hide_env_values = true,
        value_name = "ID"
    )]
    pub media_s3_key_id: Option<String>,

    /// Secret of that key; better in the environment than in the command line, which others can read
    #[arg(
        long,
        env = "MASTHEAD_MEDIA_S3_SECRET",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub media_s3_secret: Option<Hidden>,

    /// Address below which readers find files, such as that of a CDN; that of this API with /media where nothing is said
    #[arg(long, env = "MASTHEAD_MEDIA_URL", value_parser = base_url, value_name = "URL")]
    pub media_url: Option<String>,

    /// Widths that pictures are made in, in pixels, separated by commas; of those already there nothing changes
    #[arg(long, env = "MASTHEAD_MEDIA_WIDTHS", default_value = "320,640,1280,1920", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(16..=8_192), value_name = "WIDTHS")]
    pub media_widths: Vec<u32>,

    /// Longest file that is taken, in bytes; then 413
    #[arg(long, env = "MASTHEAD_MEDIA_LIMIT", default_value_t = 26_214_400, value_parser = clap::value_parser!(u32).range(1_024..=1_073_741_824), value_name = "BYTES")]
    pub media_limit: u32,

    /// Most pixels of a picture, in millions; each may take eight bytes of memory while the picture is worked on
    #[arg(long, env = "MASTHEAD_MEDIA_MEGAPIXELS", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000), value_name = "MILLIONS")]
    pub media_megapixels: u32,

    /// Pictures that are worked on at once; others wait
    #[arg(long, env = "MASTHEAD_MEDIA_DECODES", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64), value_name = "COUNT")]
    pub media_decodes: u16,

    /// How long a file may take to arrive, in milliseconds, 1000 or more; then 408
    #[arg(long, env = "MASTHEAD_MEDIA_UPLOAD_TIMEOUT_MS", default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1_000..), value_name = "MS")]
    pub media_upload_timeout_ms: u64,
}

/// Where media are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket, below a prefix.
    Bucket(String, Option<String>),
}

/// What no log and no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Hidden {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl Media {
    /// The library, of a server with this data folder.
    ///
    /// # Errors
    /// In words, where settings do not go together or the folder cannot be made.
    pub fn library(&self, data: &Path) -> Result<Library, String> {
        let files = match &self.media_store {
            None => Files::in_folder(&data.join(FOLDER)),
            Some(Place::Folder(folder)) => Files::in_folder(folder),
            Some(Place::Bucket(name, prefix)) => Files::in_bucket(&Bucket {
                name: name.clone(),
                prefix: prefix.clone(),
                endpoint: self.media_s3_endpoint.clone(),
                region: self.media_s3_region.clone(),
                key: self.key()?,
            }),
        };
        let mut widths = self.media_widths.clone();
        widths.sort_unstable();
        widths.dedup();
        let settings = Settings {
            recipe: Recipe {
                widths,
                pixels: u64::from(self.media_megapixels) * 1_000_000,
            },
            decodes: self.media_decodes.into(),
            ..Settings::default()
        };
        let files = files.map_err(|error| error.to_string())?;
        Ok(Library::new(files, settings))
    }

    /// The library, for what only reads it: no folder is made.
    ///
    /// # Errors
    /// As [`Media::library`].
    pub fn library_there(&self, data: &Path) -> Result<Library, String> {
        match self.folder(data) {
            Some(folder) if !folder.exists() => {
                Ok(Library::new(Files::in_memory(), Settings::default()))
            }
            _ => self.library(data),
        }
    }

    /// The folder that they are in, of a server with this data folder; none where it is a bucket.
    #[must_use]
    pub fn folder(&self, data: &Path) -> Option<PathBuf> {
        match &self.media_store {
            None => Some(data.join(FOLDER)),
            Some(Place::Folder(folder)) => Some(folder.clone()),
            Some(Place::Bucket(..)) => None,
        }
    }

    fn key(&self) -> Result<Option<(String, String)>, String> {
        match (&self.media_s3_key_id, &self.media_s3_secret) {
            (Some(id), Some(Hidden(secret))) => Ok(Some((id.clone(), secret.clone()))),
            (None, None) => Ok(None),
            _ => Err(
                "--media-s3-key-id and --media-s3-secret belong together; one of them is missing"
                    .into(),
            ),
        }
    }
}

fn place(text: &str) -> Result<Place, String> {
    let Some(bucket) = text.strip_prefix("s3://") else {
        if text.is_empty() || text.contains("://") {
            return Err("a folder is wanted, or a bucket such as s3://bucket/prefix".into());
        }
        return Ok(Place::Folder(text.into()));
    };
    let (name, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    let of_bucket = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || !name.chars().all(of_bucket) {
        return Err("a bucket is wanted, such as s3://bucket or s3://bucket/prefix".into());
    }
    let prefix = prefix.trim_matches('/');
    let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
    Ok(Place::Bucket(name.to_owned(), prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_a_bucket() {
        assert_eq!(place("media"), Ok(Place::Folder("media".into())));
        assert_eq!(
            place("s3://pictures"),
            Ok(Place::Bucket("pictures".into(), None))
        );
        assert_eq!(
            place("s3://pictures/a/b/"),
            Ok(Place::Bucket("pictures".into(), Some("a/b".into())))
        );
        for other in [
            "",
            "s3://",
            "s3:///a",
            "s3://a b",
            "gs://bucket",
            "https://x/y",
        ] {
            assert!(place(other).is_err(), "{other}");
        }
        assert_eq!(format!("{:?}", Hidden::from("secret".to_owned())), "***");
    }
}
