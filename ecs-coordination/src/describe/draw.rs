//! The worlds and edges as text for programs that draw.

use std::fmt;

use ecs_core::config::{OnFull, Role};
use ecs_core::inspect::Bytes;

use super::{EdgeDescription, MemberDescription, QueueDescription, TopologyDescription};

impl TopologyDescription {
    /// The worlds and edges as a Mermaid flowchart, for Markdown.
    ///
    /// A node is a member, with what leads into it; an array is one node. Its shape tells the
    /// role: a stadium is `accept`, a parallelogram `io`, a rectangle `compute`, a hexagon
    /// `custom`, and what has round corners `standalone`. An edge that blocks is thick, one that
    /// spills dotted, and one that sheds ends in a cross.
    pub fn mermaid(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            f.write_str("flowchart LR\n")?;
            for (index, member) in self.members.iter().enumerate() {
                let (open, close) = match member.world.role {
                    Role::Accept => ("([", "])"),
                    Role::Io => ("[/", "/]"),
                    Role::Compute => ("[", "]"),
                    Role::Custom => ("{{", "}}"),
                    Role::Standalone => ("(", ")"),
                };
                let label = mermaid_text(&self.lines_of(index, member));
                writeln!(f, "  w{index}{open}\"{label}\"{close}")?;
            }
            for (queue, edge) in self.drawn() {
                let arrow = match queue.config.on_full {
                    OnFull::Retain => "-->",
                    OnFull::Block(_) => "==>",
                    OnFull::Shed => "--x",
                    OnFull::Spill(_) => "-.->",
                };
                let label = mermaid_text(&label_of(queue, edge));
                writeln!(f, "  w{} {arrow}|\"{label}\"| w{}", edge.from, queue.to)?;
            }
            Ok(())
        })
    }

    /// The worlds and edges as a Graphviz digraph, for `dot`.
    ///
    /// A node is a member, with what leads into it; an array is one node, with a double border.
    /// Its shape tells the role: an ellipse is `accept`, a parallelogram `io`, a box `compute`, a
    /// hexagon `custom`, and a box with round corners `standalone`. An edge that blocks is bold,
    /// one that spills dashed, and one that sheds ends in a bar.
    pub fn graphviz(&self) -> impl fmt::Display {
        fmt::from_fn(|f| {
            f.write_str("digraph worlds {\n  rankdir=LR;\n")?;
            for (index, member) in self.members.iter().enumerate() {
                let shape = match member.world.role {
                    Role::Accept => "ellipse",
                    Role::Io => "parallelogram",
                    Role::Compute => "box",
                    Role::Custom => "hexagon",
                    Role::Standalone => "box, style=rounded",
                };
                let borders = if member.array { ", peripheries=2" } else { "" };
                let label = graphviz_text(&self.lines_of(index, member));
                writeln!(f, "  w{index} [label=\"{label}\", shape={shape}{borders}];")?;
            }
            for (queue, edge) in self.drawn() {
                let style = match queue.config.on_full {
                    OnFull::Retain => "",
                    OnFull::Block(_) => ", style=bold",
                    OnFull::Shed => ", arrowhead=tee",
                    OnFull::Spill(_) => ", style=dashed",
                };
                let label = graphviz_text(&label_of(queue, edge));
                writeln!(f, "  w{} -> w{} [label=\"{label}\"{style}];", edge.from, queue.to)?;
            }
            f.write_str("}\n")
        })
    }

    /// What a node says.
    fn lines_of(&self, index: usize, member: &MemberDescription) -> String {
        let ids = if member.count == 1 { "id" } else { "ids" };
        let mut text = format!("{}\n{}, {ids} {}", member.label(), member.role(), member.ids());
        for queue in self.queues.iter().filter(|queue| queue.to == index) {
            let (kind, config) = (queue.kind(), queue.config);
            let (capacity, bytes) = (config.capacity, Bytes(queue.bytes));
            text += &format!("\n{kind}: {capacity}, {}, {bytes}", config.on_full);
        }
        text
    }

    fn drawn(&self) -> impl Iterator<Item = (&QueueDescription, &EdgeDescription)> {
        self.queues.iter().flat_map(|queue| queue.edges.iter().map(move |edge| (queue, edge)))
    }
}

/// What an edge says.
fn label_of(queue: &QueueDescription, edge: &EdgeDescription) -> String {
    let mut text = edge.reason();
    match edge.only {
        Some(id) => text += &format!(", to id {id}"),
        None if queue.shared => text += ", to any",
        None => {}
    }
    if edge.count > 1 {
        text += &format!("\n{} edges", edge.count);
    }
    text
}

/// A text between quotes of a Mermaid flowchart.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("<br>"),
            // Ends the text, begins an escape, HTML or Markdown.
            '"' | '#' | '&' | '<' | '>' | '`' | '*' | '{' | '}' => {
                escaped.push_str(&format!("#{};", u32::from(c)));
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// A text between quotes of a Graphviz digraph.
fn graphviz_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_drawing_is_escaped() {
        let text = "a\"b\\c\nSources<Owes> & #1 `x`";
        let mermaid = "a#34;b\\c<br>Sources#60;Owes#62; #38; #35;1 #96;x#96;";
        assert_eq!(mermaid_text(text), mermaid);
        assert_eq!(graphviz_text(text), "a\\\"b\\\\c\\nSources<Owes> & #1 `x`");
    }
}
