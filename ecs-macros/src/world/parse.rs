//! The arguments of `#[world_config]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Expr, Ident, LitInt, Path, Token};

use super::{Archetype, Event, OnFull, Role, Route, Settings, Target, Timeout, event};
use crate::errors::{Errors, doubled, unknown};
use crate::list;
use crate::root::Root;
use crate::value::{assigned, expression};

const ARGUMENTS: &[&str] = &[
    "components",
    "events",
    "base",
    "archetypes",
    "role",
    "world_id",
    "transfer_queue",
    "routing",
    "targets",
    "max_entities",
    "neighbours",
    "source",
    "crate",
];
const QUEUE: &[&str] = &["capacity", "batch_size", "linger", "spsc", "on_full"];
const ROLES: &[&str] = &["standalone", "accept", "io", "compute", "custom"];
const ON_FULL: &[&str] = &["retain", "block", "shed", "spill"];

/// The arguments as written.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) root: Root,
    /// The word `components`, and the list.
    pub(super) components: Option<(Ident, Vec<Path>)>,
    /// The word `events`, and the list.
    pub(super) events: Option<(Ident, Vec<Event>)>,
    /// The word `base`, and the world; none where it could not be read.
    pub(super) base: Option<(Ident, Option<Path>)>,
    pub(super) settings: Settings,
}

/// Parses the arguments, in any order.
pub(super) fn arguments(tokens: TokenStream, errors: &mut Errors) -> Arguments {
    let mut out = Arguments::default();
    let mut seen = Vec::new();
    list::all(tokens, errors, |input, errors| {
        let name = known("argument", ARGUMENTS, &mut seen, input)?;
        argument(&name, input, &mut out, errors)
    });
    out
}

/// Parses the item; gives its tokens back where it is no struct.
pub(super) fn item(tokens: TokenStream, errors: &mut Errors) -> Result<DeriveInput, TokenStream> {
    let other = match syn::parse2::<DeriveInput>(tokens.clone()) {
        Ok(item) => match &item.data {
            Data::Struct(_) => return Ok(item),
            Data::Enum(data) => data.enum_token.span,
            Data::Union(data) => data.union_token.span,
        },
        Err(error) => error.span(),
    };
    errors.span(other, "a world is a unit struct: write `struct Name;`");
    Err(tokens)
}

fn argument(
    name: &Ident,
    input: ParseStream<'_>,
    out: &mut Arguments,
    errors: &mut Errors,
) -> syn::Result<()> {
    let settings = &mut out.settings;
    match name.unraw().to_string().as_str() {
        "crate" => out.root = Root(Some(Root::parse_value(input)?)),
        "components" => {
            // Set even where the list is bad, so that it does not count as missing.
            let (_, paths) = out.components.insert((name.clone(), Vec::new()));
            list::group(input, errors, |input, _| {
                paths.push(type_path(input)?);
                Ok(())
            })?;
        }
        "events" => {
            let (_, events) = out.events.insert((name.clone(), Vec::new()));
            list::group(input, errors, |input, errors| {
                events.push(event::event(input, errors)?);
                Ok(())
            })?;
        }
        "base" => {
            out.base = Some((name.clone(), None));
            input.parse::<Token![=]>()?;
            out.base = Some((name.clone(), Some(type_path(input)?)));
        }
        "archetypes" => archetypes(input, settings, errors)?,
        "role" => {
            input.parse::<Token![=]>()?;
            settings.role = Some(role(input)?);
        }
        "world_id" => settings.id = Some(assigned(input)?),
        "transfer_queue" => {
            let mut seen = Vec::new();
            list::group(input, errors, |input, _| queue(&mut seen, input, settings))?;
        }
        "routing" => {
            let mut seen = Vec::new();
            list::group(input, errors, |input, _| routing(&mut seen, input, settings))?;
        }
        "targets" => {
            let targets = settings.targets.insert(Vec::new());
            list::group(input, errors, |input, _| {
                targets.push(target(input)?);
                Ok(())
            })?;
        }
        "max_entities" => settings.max_entities = Some(assigned(input)?),
        "neighbours" => {
            input.parse::<Token![=]>()?;
            settings.neighbours = Some(type_path(input)?);
        }
        _ => settings.source = true,
    }
    Ok(())
}

fn archetypes(
    input: ParseStream<'_>,
    settings: &mut Settings,
    errors: &mut Errors,
) -> syn::Result<()> {
    list::group(input, errors, |input, errors| {
        let name = input.call(Ident::parse_any)?;
        if name == "closed" && !input.peek(syn::token::Paren) {
            return match settings.closed.replace(name.clone()) {
                Some(_) => Err(doubled(&name)),
                None => Ok(()),
            };
        }
        if !input.peek(syn::token::Paren) {
            let message = format!("an archetype lists its components: write `{name}(A, B)`");
            return Err(syn::Error::new(name.span(), message));
        }
        let (mut components, mut capacity) = (Vec::new(), None);
        list::group(input, errors, |input, _| {
            if input.peek(Ident) && input.peek2(Token![=]) {
                let name = known("archetype setting", &["capacity"], &mut Vec::new(), input)?;
                return match capacity.replace(assigned(input)?) {
                    Some(_) => Err(doubled(&name)),
                    None => Ok(()),
                };
            }
            components.push(type_path(input)?);
            Ok(())
        })?;
        settings.archetypes.push(Archetype { name, components, capacity });
        Ok(())
    })
}

fn queue(seen: &mut Vec<String>, input: ParseStream<'_>, out: &mut Settings) -> syn::Result<()> {
    let name = known("queue setting", QUEUE, seen, input)?;
    match name.to_string().as_str() {
        "capacity" => out.capacity = Some(assigned(input)?),
        "batch_size" => out.batch_size = Some(assigned(input)?),
        "linger" => out.linger = Some(assigned(input)?),
        "spsc" => out.spsc = Some(assigned(input)?),
        _ => {
            input.parse::<Token![=]>()?;
            out.on_full = Some(on_full(input)?);
        }
    }
    Ok(())
}

fn on_full(input: ParseStream<'_>) -> syn::Result<OnFull> {
    let name = known("way to answer a full queue", ON_FULL, &mut Vec::new(), input)?;
    let argument = |wanted: &str| {
        if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            let value = expression(&content)?;
            let rest = content.parse::<TokenStream>()?;
            if rest.is_empty() {
                Ok(value)
            } else {
                let message = format!("`{name}` takes one value: take this out");
                Err(syn::Error::new_spanned(rest, message))
            }
        } else {
            Err(syn::Error::new(name.span(), format!("`{name}` needs {wanted}")))
        }
    };
    Ok(match name.to_string().as_str() {
        "retain" => OnFull::Retain,
        "shed" => OnFull::Shed,
        "spill" => OnFull::Spill(argument("a limit in entities: write `spill(100)`")?),
        _ => OnFull::Block(timeout(argument("a timeout: write `block(5ms)`")?)?),
    })
}

/// A number with a unit as its suffix, or a constant `Duration`.
fn timeout(value: Expr) -> syn::Result<Timeout> {
    let literal = match &value {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) => literal,
        Expr::Lit(_) => {
            return Err(syn::Error::new_spanned(value, "a timeout is a whole number: write `5ms`"));
        }
        _ => return Ok(Timeout::Const(value)),
    };
    let unit = match literal.suffix() {
        "us" => Timeout::Micros,
        "ms" => Timeout::Millis,
        "s" => Timeout::Secs,
        _ => {
            let message = "a timeout has a unit `us`, `ms` or `s`: write `5ms`";
            return Err(syn::Error::new(literal.span(), message));
        }
    };
    Ok(unit(literal.base10_parse()?))
}

fn routing(seen: &mut Vec<String>, input: ParseStream<'_>, out: &mut Settings) -> syn::Result<()> {
    // `peek(=)` is also true of `=>`.
    if input.peek(Ident) && input.peek2(Token![=]) && !input.peek2(Token![=>]) {
        known("routing setting", &["default_target"], seen, input)?;
        input.parse::<Token![=]>()?;
        out.default_target = Some(target(input)?);
        return Ok(());
    }
    let component = type_path(input)?;
    if !input.peek(Token![=>]) {
        let message = "a route is a component and a world: write `Component => World`";
        return Err(syn::Error::new_spanned(component, message));
    }
    input.parse::<Token![=>]>()?;
    out.routes.push(Route { component, target: target(input)? });
    Ok(())
}

fn role(input: ParseStream<'_>) -> syn::Result<Role> {
    let name = known("role", ROLES, &mut Vec::new(), input)?;
    Ok(match name.to_string().as_str() {
        "standalone" => Role::Standalone,
        "accept" => Role::Accept,
        "io" => Role::Io,
        "compute" => Role::Compute,
        _ => Role::Custom,
    })
}

fn target(input: ParseStream<'_>) -> syn::Result<Target> {
    if input.peek(LitInt) {
        return input.parse().map(Target::Id);
    }
    if input.peek(Ident::peek_any) || input.peek(Token![::]) {
        return type_path(input).map(Target::World);
    }
    Err(input.error("a target is a world: write its type, or its id as a number"))
}

/// A path as it stands in a type: `a::B<C>`; in an expression too, `a::b::<16>`.
fn type_path(input: ParseStream<'_>) -> syn::Result<Path> {
    input.parse()
}

/// Parses one of `names`, each at most once.
pub(super) fn known(
    kind: &str,
    names: &[&str],
    seen: &mut Vec<String>,
    input: ParseStream<'_>,
) -> syn::Result<Ident> {
    let name = input.call(Ident::parse_any)?;
    let text = name.unraw().to_string();
    if !names.contains(&text.as_str()) {
        return Err(unknown(kind, &name, names));
    }
    if seen.contains(&text) {
        return Err(doubled(&name));
    }
    seen.push(text);
    Ok(name)
}
