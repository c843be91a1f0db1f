//! hyper, HTTP/1 on one thread of tokio.

use std::convert::Infallible;
use std::error::Error;

use http_body_util::{BodyExt, Full};
use http_servers::{HELLO, NOT_FOUND, TEXT, announce, hash, listen};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

async fn answer(request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => (StatusCode::OK, Bytes::from_static(HELLO.as_bytes())),
        (&Method::POST, "/hash") => {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            (StatusCode::OK, hash(head.uri.query(), &body).into())
        }
        _ => (StatusCode::NOT_FOUND, Bytes::from_static(NOT_FOUND.as_bytes())),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    Ok(response)
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    announce(listener.local_addr()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let served: Result<Infallible, Box<dyn Error>> = runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let mut http = http1::Builder::new();
        http.pipeline_flush(true);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = http.serve_connection(TokioIo::new(stream), service_fn(answer));
            // An error is the end of a connection.
            tokio::spawn(async { drop(connection.await) });
        }
    });
    match served? {}
}
