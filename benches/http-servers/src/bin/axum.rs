//! axum, on one thread.

use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use http_servers::{HELLO, announce, hash, listen};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    announce(listener.local_addr()?);
    let hashed =
        |RawQuery(query): RawQuery, body: Bytes| async move { hash(query.as_deref(), &body) };
    let router = Router::new().route("/", get(async || HELLO)).route("/hash", post(hashed));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?.tap_io(|stream| {
            // A socket that refuses this works all the same.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await?;
        Ok(())
    })
}
