//! As much of HTTP as it takes to know where an answer ends.

/// An answer's parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    pub status: &'a [u8],
    pub body: &'a [u8],
    /// Bytes of all of it.
    pub length: usize,
}

/// The first answer of what has come; `None` if the rest of it is missing.
pub fn first(input: &[u8]) -> Result<Option<Answer<'_>>, &'static str> {
    const STATUS: std::ops::Range<usize> = 9..12;
    let mut at = 0;
    let mut body = None;
    while let Some(end) = input[at..].iter().position(|&byte| byte == b'\n') {
        let line = &input[at..at + end];
        let first = at == 0;
        at += end + 1;
        match line {
            _ if first => {
                if !line.starts_with(b"HTTP/1.1 ") || line.len() < STATUS.end {
                    return Err("it does not begin with a status line of HTTP/1.1");
                }
            }
            b"\r" => {
                let length: usize = body.ok_or("it has no content-length")?;
                let status = &input[STATUS];
                let found = input.get(at..at + length);
                return Ok(found.map(|body| Answer { status, body, length: at + length }));
            }
            _ => body = body.or(content_length(line)),
        }
    }
    Ok(None)
}

fn content_length(line: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    if !name.eq_ignore_ascii_case(NAME) {
        return None;
    }
    str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_after_its_body() {
        let all = b"HTTP/1.1 200 OK\r\nDate: now\r\ncontent-Length: 3\r\n\r\nabcHTTP/1.1 404";
        let answer = first(all).expect("it is one").expect("it is whole");
        assert_eq!((answer.status, answer.body), (&b"200"[..], &b"abc"[..]));
        assert_eq!(&all[answer.length..], b"HTTP/1.1 404");
        for end in 0..answer.length {
            assert_eq!(first(&all[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn what_is_no_answer_is_told() {
        assert!(first(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(first(b"HTTP/1.0 200 OK\r\n").is_err());
        assert!(first(b"HTTP/1.1 2\n").is_err());
    }
}
