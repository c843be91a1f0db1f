//! may_minihttp, with one worker. It binds by itself, and does not tell the port: give it one.

use std::error::Error;
use std::io::{self, Read};

use http_servers::{HELLO, NOT_FOUND, address, announce, hash, split};
use may_minihttp::{HttpServer, HttpService, Request, Response};

#[derive(Clone)]
struct Service;

impl HttpService for Service {
    fn call(&mut self, request: Request, response: &mut Response) -> io::Result<()> {
        response.header("Content-Type: text/plain; charset=utf-8");
        let (path, query) = split(request.path());
        match (request.method(), path) {
            ("GET", "/") => response.body(HELLO),
            ("POST", "/hash") => {
                let query = query.map(str::to_owned);
                let mut body = Vec::with_capacity(1024);
                request.body().read_to_end(&mut body)?;
                response.body_vec(hash(query.as_deref(), &body).into_bytes());
            }
            _ => response.status_code(404, "Not Found").body(NOT_FOUND),
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = address()?;
    may::config().set_workers(1);
    let server = HttpServer(Service).start(address)?;
    announce(address);
    server.join().map_err(|_| "the server panicked")?;
    Ok(())
}
