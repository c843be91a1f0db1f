//! actix-web, with one worker, and its thread that accepts.

use std::error::Error;
use std::time::Duration;

use actix_web::http::header::ContentType;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use http_servers::{HELLO, announce, hash, listen};

/// No connection is closed for its silence.
const FOR_EVER: Duration = Duration::from_secs(86_400);

async fn hello() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(HELLO)
}

async fn hashed(request: HttpRequest, body: Bytes) -> HttpResponse {
    let query = Some(request.query_string());
    HttpResponse::Ok().content_type(ContentType::plaintext()).body(hash(query, &body))
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    let address = listener.local_addr()?;
    let app = || App::new().route("/", web::get().to(hello)).route("/hash", web::post().to(hashed));
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(app)
            .workers(1)
            .keep_alive(FOR_EVER)
            .client_request_timeout(Duration::ZERO)
            .disable_signals()
            .listen(listener)?
            .run();
        announce(address);
        server.await?;
        Ok(())
    })
}
