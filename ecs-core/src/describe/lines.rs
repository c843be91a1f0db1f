//! Text in columns.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

/// Lines of cells, indented by two spaces. A column of numbers stands to the right. Without lines
/// there is no head.
#[derive(Clone, Debug)]
pub struct Lines<const N: usize> {
    cells: Vec<[String; N]>,
}

impl<const N: usize> Lines<N> {
    /// No lines below this head.
    pub fn new(head: [&str; N]) -> Self {
        Self { cells: vec![head.map(str::to_string)] }
    }

    /// One more line.
    pub fn add(&mut self, cells: [String; N]) {
        self.cells.push(cells);
    }
}

impl<const N: usize> fmt::Display for Lines<N> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cells.len() == 1 {
            return Ok(());
        }
        let numbers: [bool; N] = core::array::from_fn(|column| {
            let mut below = self.cells.iter().skip(1).map(|line| &line[column]);
            below.all(|cell| cell == "-" || cell.starts_with(|first: char| first.is_ascii_digit()))
        });
        let width = |cell: &String| cell.chars().count();
        let widths: [usize; N] = core::array::from_fn(|column| {
            self.cells.iter().map(|line| width(&line[column])).max().unwrap_or(0)
        });
        for line in &self.cells {
            let mut text = String::new();
            for (column, cell) in line.iter().enumerate() {
                let fill = " ".repeat(widths[column] - width(cell));
                let (before, after) =
                    if numbers[column] { (fill, "".into()) } else { ("".into(), fill) };
                text.extend(["  ", &before, cell, &after]);
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_no_line_ends_in_blanks() {
        let mut lines = Lines::new(["name", "bytes", "id", "is"]);
        lines.add(["Position", "12", "7", "plain"].map(String::from));
        lines.add(["Größe", "-", "none", ""].map(String::from));
        let text = lines.to_string();
        let expected = "  name      bytes  id    is
  Position     12  7     plain
  Größe         -  none
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_head_without_lines_is_not_there() {
        assert_eq!(Lines::new(["name", "bytes"]).to_string(), "");
    }
}
