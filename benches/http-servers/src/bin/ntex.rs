//! ntex, with one worker, on its own runtime: by io_uring where that is offered.

use std::error::Error;

use http_servers::{HELLO, TEXT, announce, hash, listen};
use ntex::SharedCfg;
use ntex::http::{HttpServiceConfig, KeepAlive};
use ntex::time::Seconds;
use ntex::util::Bytes;
use ntex::web::{self, App, HttpRequest, HttpResponse, HttpServer};

async fn hello() -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body(HELLO)
}

async fn hashed(request: HttpRequest, body: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body(hash(request.uri().query(), &body))
}

#[ntex::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    let address = listener.local_addr()?;
    // No connection is closed for its silence.
    let config =
        HttpServiceConfig::new().set_keepalive(KeepAlive::Os).set_client_timeout(Seconds::ZERO);
    let app =
        async || App::new().route("/", web::get().to(hello)).route("/hash", web::post().to(hashed));
    let server = HttpServer::new(app)
        .workers(1)
        .maxconn(20_000)
        .config(SharedCfg::new("http").add(config))
        .disable_signals()
        .listen(listener)?
        .run();
    announce(address);
    server.await?;
    Ok(())
}
