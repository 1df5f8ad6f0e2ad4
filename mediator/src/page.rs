//! What browsers get: the page and its parts, compiled in.
//!
//! `assets/` is what `web/build` makes, and is committed, so that building the mediator takes
//! nothing but Rust. The client compares what another mediator serves with it.

/// A part of the page.
#[derive(Debug)]
pub struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its bytes as they are sent.
    pub body: &'static [u8],
    /// `content-type` and, where it is compressed, `content-encoding`: whole lines.
    pub(crate) fields: &'static str,
}

impl Asset {
    /// Whether it is sent with a content coding.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.fields.contains("content-encoding")
    }
}

/// All of the page, the document first.
pub static ASSETS: [Asset; 6] = [
    Asset {
        path: "/",
        body: include_bytes!("../assets/index.html"),
        fields: "content-type: text/html; charset=utf-8\r\n",
    },
    // Compressed whatever is accepted: every browser that runs WebAssembly takes it.
    Asset {
        path: "/app.js",
        body: include_bytes!("../assets/app.js.gz"),
        fields: "content-type: text/javascript; charset=utf-8\r\ncontent-encoding: gzip\r\n",
    },
    Asset {
        path: "/app.css",
        body: include_bytes!("../assets/app.css.gz"),
        fields: "content-type: text/css; charset=utf-8\r\ncontent-encoding: gzip\r\n",
    },
    Asset {
        path: "/core.wasm",
        body: include_bytes!("../assets/core.wasm.gz"),
        fields: "content-type: application/wasm\r\ncontent-encoding: gzip\r\n",
    },
    Asset {
        path: "/icon.svg",
        body: include_bytes!("../assets/icon.svg"),
        fields: "content-type: image/svg+xml\r\n",
    },
    Asset {
        path: "/manifest.webmanifest",
        body: include_bytes!("../assets/manifest.webmanifest"),
        fields: "content-type: application/manifest+json\r\n",
    },
];
