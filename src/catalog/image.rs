//! Images that say what a container is by itself: database servers, and sidecars that never end.

use serde::Deserialize;

use super::pattern::ImageRef;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImageFile {
    servers: Vec<String>,
    sidecars: Vec<Sidecar>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sidecar {
    name: String,
    images: Vec<String>,
}

impl ImageFile {
    /// What stays and is called as an official image of a server is one, whoever built it (`company/postgres`).
    pub fn is_server(&self, image: &ImageRef<'_>) -> bool {
        let last = image.repository.rsplit('/').next().unwrap_or(image.repository);
        self.servers.iter().any(|pattern| image.fits(pattern).is_some() || pattern == last)
    }

    pub fn sidecar(&self, image: &ImageRef<'_>) -> Option<&str> {
        let known = self.sidecars.iter().find(|it| it.images.iter().any(|pattern| image.fits(pattern).is_some()));
        known.map(|it| it.name.as_str())
    }
}
