//! nginx, as it is installed, with one process; for `GET /` only. It does not tell the port: give
//! it one. That it listens is said before it does.

use std::error::Error;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{env, fs};

use http_servers::{HELLO, TEXT, address, announce};

fn main() -> Result<(), Box<dyn Error>> {
    let address = address()?;
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

    announce(address);
    let mut nginx = Command::new("nginx");
    nginx.arg("-e").arg("stderr").arg("-p").arg(&scratch).arg("-c").arg(&file);
    Err(nginx.exec().into())
}
