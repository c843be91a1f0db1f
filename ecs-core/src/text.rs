//! Text that is put together at compile time, for messages.

/// The most bytes of a text.
const CAPACITY: usize = 1024;

/// A text; what finds no room is left out.
#[derive(Debug)]
pub(crate) struct Text {
    bytes: [u8; CAPACITY],
    len: usize,
}

impl Text {
    /// Nothing.
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; CAPACITY], len: 0 }
    }

    /// Followed by `text`, or by nothing if there is no room for the whole.
    #[inline]
    pub(crate) const fn str(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        if text.len() > CAPACITY - self.len {
            return self;
        }
        let mut index = 0;
        while index < text.len() {
            self.bytes[self.len] = text[index];
            self.len += 1;
            index += 1;
        }
        self
    }

    /// Followed by a number.
    #[inline]
    pub(crate) const fn number(mut self, number: usize) -> Self {
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 && self.len < CAPACITY {
            self.bytes[self.len] = b'0' + (number / unit % 10) as u8;
            self.len += 1;
            unit /= 10;
        }
        self
    }

    /// How many bytes more find room.
    #[inline]
    pub(crate) const fn room(&self) -> usize {
        CAPACITY - self.len
    }

    /// The text.
    #[inline]
    pub(crate) const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Whether two texts are the same.
#[inline]
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    // Paths differ at their ends.
    let mut index = a.len();
    while index > 0 {
        index -= 1;
        if a[index] != b[index] {
            return false;
        }
    }
    true
}

/// The last segment of a path.
#[inline]
pub(crate) const fn last_segment(path: &str) -> &str {
    let bytes = path.as_bytes();
    let mut start = bytes.len();
    while start > 0 && bytes[start - 1] != b':' {
        start -= 1;
    }
    match core::str::from_utf8(bytes.split_at(start).1) {
        Ok(name) => name,
        Err(_) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_grows_by_words_and_numbers() {
        let text = Text::new().str("a").number(0).str("ä").number(1070).number(9);
        assert_eq!(text.as_str(), "a0ä10709");
    }

    #[test]
    fn text_without_room_stays_whole() {
        let mut text = Text::new();
        for _ in 0..CAPACITY {
            text = text.str("äää").number(12);
        }
        assert!(text.as_str().starts_with("äää12äää12"));
        assert!(text.len > CAPACITY - "äää".len() && text.len <= CAPACITY);
    }

    #[test]
    fn last_segment_is_the_name() {
        assert_eq!(last_segment("a::b::Io"), "Io");
        assert_eq!(last_segment("Io"), "Io");
        assert!(equal("a::b", "a::b") && !equal("a::b", "a::c") && !equal("b", "ab"));
    }
}
