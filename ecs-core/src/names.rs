//! Which component is meant by a name that is none.

use alloc::vec::Vec;

use crate::schema::ComponentInfo;

/// The component with this name.
pub(crate) fn find(components: &[ComponentInfo], name: &str) -> Option<usize> {
    components.iter().position(|info| info.name == name)
}

/// The component whose name is nearest, if one is near.
pub(crate) fn nearest(components: &[ComponentInfo], name: &str) -> Option<&'static str> {
    components
        .iter()
        .map(|info| (distance(name, info.name), info.name))
        .filter(|(distance, known)| distance * 3 <= known.len().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The Levenshtein distance in characters. What is longer than any name is far.
fn distance(one: &str, other: &str) -> usize {
    if one.len() > 200 {
        return one.len();
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, from) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in other.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Probed;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["Position", "Velocity", "Hp"];
        let components = names.map(|name| ComponentInfo::new::<()>(name, Probed::NOTHING));
        assert_eq!(nearest(&components, "Postion"), Some("Position"));
        assert_eq!(nearest(&components, "velocity"), Some("Velocity"));
        assert_eq!(nearest(&components, "Inventory"), None);
        assert_eq!(nearest(&components, &"Position".repeat(1000)), None);
        assert_eq!(find(&components, "Hp"), Some(2));
        assert_eq!(find(&components, "hp"), None);
    }
}
