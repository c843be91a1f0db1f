//! nginx, as it is installed, with one process; for `GET /` only.

use std::error::Error;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs, io};

use http_servers::{HELLO, TEXT, announce, listen};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = listen()?;
    let address = listener.local_addr()?;
    // Where it writes, should it have to: beside this program.
    let scratch = env::current_exe()?.with_file_name("nginx-scratch");
    fs::create_dir_all(&scratch)?;
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {what};\n"))
        .concat();
    let body = HELLO.trim_end();
    let config = format!(
        r#"
        daemon off;
        master_process off;
        pid nginx.pid;
        error_log stderr crit;
        events {{ worker_connections 20000; }}
        http {{
            access_log off;
            default_type "{TEXT}";
            keepalive_timeout 86400s;
            keepalive_requests 1000000000;
            {temporary}
            server {{
                listen {address} backlog=4096;
                location = / {{ return 200 "{body}\n"; }}
            }}
        }}
        "#
    );
    let file = scratch.join("nginx.conf");
    fs::write(&file, config)?;

    let socket = listener.as_raw_fd();
    // SAFETY: the call takes no pointers.
    if unsafe { libc::fcntl(socket, libc::F_SETFD, 0) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    announce(address);
    // It takes over the socket, as one nginx does from another.
    let mut nginx = Command::new("nginx");
    nginx.arg("-e").arg("stderr").arg("-p").arg(&scratch).arg("-c").arg(&file);
    Err(nginx.env("NGINX", format!("{socket};")).exec().into())
}
