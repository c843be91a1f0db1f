//! An entry of `events(...)`, as written.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Ident, Path, PathArguments, PathSegment, Token};

use super::{Event, Overflow};
use crate::errors::{Errors, known, known_once};
use crate::list;
use crate::value::{assigned, equals, unnamed_capacity};

const SETTINGS: &[&str] = &["capacity", "on_full"];
const ON_FULL: &[&str] = &["refuse", "drop_oldest"];

/// Parses what comes after `before`: `path::Event`, or `path::Event(capacity = 64, on_full = drop_oldest)`.
pub(super) fn event(
    input: ParseStream<'_>,
    before: Option<&Event>,
    errors: &mut Errors,
) -> syn::Result<Event> {
    let path = path(input)?;
    if let (Some(name), true) = (path.get_ident(), input.peek(Token![=]))
        && SETTINGS.iter().any(|setting| name == setting)
    {
        let last = before.and_then(|event| event.path.segments.last());
        let event = last.map_or("Event".to_owned(), |last| last.ident.to_string());
        let message = format!("`{name}` is a setting of one event: write `{event}({name} = ..)`");
        return Err(syn::Error::new(name.span(), message));
    }
    let mut event = Event { path, capacity: None, overflow: None };
    if input.peek(syn::token::Paren) {
        let mut seen = Vec::new();
        list::parenthesized(input, errors, |input, errors| {
            if let Some(capacity) = unnamed_capacity(input, errors)? {
                event.capacity = Some(capacity);
                return Ok(());
            }
            let name = known_once("event setting", SETTINGS, &mut seen, input, errors)?;
            if name == "capacity" {
                event.capacity = Some(assigned(&name, input)?);
            } else {
                equals(&name, input)?;
                event.overflow = Some(overflow(input, errors)?);
            }
            Ok(())
        })?;
    }
    Ok(event)
}

fn overflow(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Overflow> {
    let kind = "way to answer one event too many";
    let name = known(kind, ON_FULL, input, errors)?;
    Ok(if name == "refuse" { Overflow::Refuse } else { Overflow::DropOldest })
}

/// A path in which parentheses are none of its arguments, as they would be in `Fn(A)`.
fn path(input: ParseStream<'_>) -> syn::Result<Path> {
    if !input.peek(Ident::peek_any) && !input.peek(Token![::]) {
        let message = "an event is a type: write `Name`, or `Name(capacity = 64)`";
        return Err(input.error(message));
    }
    let leading_colon = input.parse()?;
    let mut segments = Punctuated::new();
    loop {
        let ident = input.call(Ident::parse_any)?;
        let generic = input.peek(Token![<]) || input.peek(Token![::]) && input.peek3(Token![<]);
        let arguments = if generic {
            PathArguments::AngleBracketed(input.parse()?)
        } else {
            PathArguments::None
        };
        segments.push_value(PathSegment { ident, arguments });
        if !input.peek(Token![::]) {
            return Ok(Path { leading_colon, segments });
        }
        segments.push_punct(input.parse()?);
    }
}
