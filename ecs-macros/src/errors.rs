//! The mistakes found in one input, and how a mistyped name is answered.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;

/// The mistakes of one input, all shown at once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// A mistake at these tokens of the user's.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake at a span: for what isn't there.
    pub(crate) fn span(&mut self, span: Span, message: impl Display) {
        self.push(syn::Error::new(span, message));
    }

    /// A mistake that the parser found.
    pub(crate) fn push(&mut self, mut error: syn::Error) {
        // Of no use to who has not written the macro.
        if error.to_string().starts_with("unsupported expression") {
            let message = "this is too much for a macro: write a constant with this value";
            error = syn::Error::new(error.span(), message);
        }
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Keeps the value, or the mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// The mistakes as items that don't compile; nothing without mistakes.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(|error| error.to_compile_error()).unwrap_or_default()
    }
}

/// What to say of a name that is none of `known`.
pub(crate) fn unknown(kind: &str, name: &Ident, known: &[&str]) -> syn::Error {
    let written = name.unraw().to_string();
    let nearest = known
        .iter()
        .map(|known| (distance(&written, known), known))
        .filter(|(distance, known)| distance * 3 <= known.len().max(3))
        .min_by_key(|(distance, _)| *distance);
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let message = match nearest {
        Some((_, nearest)) if known.len() > 1 => {
            format!("unknown {kind} `{written}`: write `{nearest}` (there are {list})")
        }
        _ if known.len() == 1 => {
            format!("unknown {kind} `{written}`: write `{}`", known[0])
        }
        _ => format!("unknown {kind} `{written}`: write one of {list}"),
    };
    syn::Error::new(name.span(), message)
}

/// What to say of a name that is given a second time.
pub(crate) fn doubled(name: &Ident) -> syn::Error {
    syn::Error::new(name.span(), format!("`{}` is given twice: keep one of the two", name.unraw()))
}

/// The Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("role", "role"), 0);
        assert_eq!(distance("compnents", "components"), 1);
        assert_eq!(distance("target", "targets"), 1);
        assert_eq!(distance("", "base"), 4);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
