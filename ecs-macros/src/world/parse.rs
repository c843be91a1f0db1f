//! The arguments of `#[world_config]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Data, DeriveInput, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Path, Token};

use super::{Archetype, Event, OnFull, Role, Route, Settings, Target, Timeout, event, unit_struct};
use crate::errors::{Errors, doubled, known, known_once, nearest};
use crate::list;
use crate::root::Root;
use crate::value::{assigned, equals, expression, no_value, unnamed_capacity};

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

/// What to write for a target.
const TARGET: &str = "a target is a world: write its type, or its id as a number";

/// Settings of arguments, with the argument.
const INSIDE: &[(&[&str], &str)] =
    &[(QUEUE, "transfer_queue"), (&["default_target"], "routing"), (&["closed"], "archetypes")];

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
        if let Some((_, group)) = INSIDE.iter().find(|(names, _)| is_one_of(input, names)) {
            let name = input.call(Ident::parse_any)?;
            let message = format!("`{name}` is a setting of `{group}`: write it in `{group}(..)`");
            return Err(syn::Error::new(name.span(), message));
        }
        let name = known_once("argument", ARGUMENTS, &mut seen, input, errors)?;
        argument(&name, input, &mut out, errors)
    });
    out
}

/// Parses the item; gives its tokens back where it is no type. A type that is no struct is a
/// world all the same after that is told.
pub(super) fn item(tokens: TokenStream, errors: &mut Errors) -> Result<DeriveInput, TokenStream> {
    let other = match syn::parse2::<DeriveInput>(tokens.clone()) {
        Ok(item) => {
            let other = match &item.data {
                Data::Struct(_) => return Ok(item),
                Data::Enum(data) => data.enum_token.span,
                Data::Union(data) => data.union_token.span,
            };
            let name = &item.ident;
            errors.span(other, format!("a world is a unit struct: write `struct {name};`"));
            return Ok(item);
        }
        Err(_) if let Ok(item) = Parser::parse2(type_alias, tokens.clone()) => {
            let name = &item.ident;
            errors.at(name, format!("a world is a unit struct: write `struct {name};`"));
            return Ok(item);
        }
        Err(error) => error.span(),
    };
    errors.span(other, "a world is a unit struct: write `struct Name;`");
    Err(tokens)
}

/// Parses `type Name = Type;`, and takes it for `struct Name;`.
fn type_alias(input: ParseStream<'_>) -> syn::Result<DeriveInput> {
    let attrs = input.call(Attribute::parse_outer)?;
    let vis = input.parse()?;
    input.parse::<Token![type]>()?;
    let ident = input.parse()?;
    input.parse::<TokenStream>()?;
    Ok(unit_struct(attrs, vis, ident))
}

/// Whether one of these names is next.
fn is_one_of(input: ParseStream<'_>, names: &[&str]) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|name| names.iter().any(|one| name == one))
}

fn argument(
    name: &Ident,
    input: ParseStream<'_>,
    out: &mut Arguments,
    errors: &mut Errors,
) -> syn::Result<()> {
    let settings = &mut out.settings;
    match name.unraw().to_string().as_str() {
        "crate" => out.root = Root(Some(Root::parse_value(name, input)?)),
        "components" => {
            // Set even where the list is bad, so that it does not count as missing.
            let (_, paths) = out.components.insert((name.clone(), Vec::new()));
            list::group(name, input, errors, |input, errors| {
                paths.push(type_path(input, errors)?);
                Ok(())
            })?;
        }
        "events" => {
            let (_, events) = out.events.insert((name.clone(), Vec::new()));
            list::group(name, input, errors, |input, errors| {
                events.push(event::event(input, events.last(), errors)?);
                Ok(())
            })?;
        }
        "base" => {
            out.base = Some((name.clone(), None));
            equals(name, input)?;
            out.base = Some((name.clone(), Some(type_path(input, errors)?)));
        }
        "archetypes" => archetypes(name, input, settings, errors)?,
        "role" => {
            equals(name, input)?;
            settings.role = Some(role(input, errors)?);
        }
        "world_id" => settings.id = Some(assigned(name, input)?),
        "transfer_queue" => {
            let mut seen = Vec::new();
            list::group(name, input, errors, |input, errors| {
                queue(&mut seen, input, settings, errors)
            })?;
        }
        "routing" => {
            let mut seen = Vec::new();
            list::group(name, input, errors, |input, errors| {
                routing(&mut seen, input, settings, errors)
            })?;
        }
        "targets" => {
            let targets = settings.targets.insert(Vec::new());
            list::group(name, input, errors, |input, errors| {
                targets.push(target(input, errors)?);
                Ok(())
            })?;
        }
        "max_entities" => settings.max_entities = Some(assigned(name, input)?),
        "neighbours" => {
            equals(name, input)?;
            settings.neighbours = Some(type_path(input, errors)?);
        }
        _ => {
            settings.source = true;
            no_value(name, input)?;
        }
    }
    Ok(())
}

fn archetypes(
    word: &Ident,
    input: ParseStream<'_>,
    settings: &mut Settings,
    errors: &mut Errors,
) -> syn::Result<()> {
    const NAMELESS: &str = "an archetype has a name and its components: write `name(A, B)`";
    let mut nameless = false;
    list::group(word, input, errors, |input, errors| {
        if !input.peek(Ident::peek_any) {
            return Err(syn::Error::new(input.span(), NAMELESS));
        }
        let name = input.call(Ident::parse_any)?;
        if name == "closed" && !input.peek(syn::token::Paren) {
            return match settings.closed.replace(name.clone()) {
                Some(_) => Err(doubled(&name)),
                None => Ok(()),
            };
        }
        if !input.peek(syn::token::Paren) {
            // A type: the components of one archetype, probably.
            if name.to_string().starts_with(char::is_uppercase) {
                return match std::mem::replace(&mut nameless, true) {
                    false => Err(syn::Error::new(name.span(), NAMELESS)),
                    true => Ok(()),
                };
            }
            let message = if name == "capacity" && input.peek(Token![=]) {
                "`capacity` is a setting of one archetype: write `name(A, B, capacity = 100)`"
                    .to_owned()
            } else {
                format!("an archetype lists its components: write `{name}(A, B)`")
            };
            return Err(syn::Error::new(name.span(), message));
        }
        let (mut components, mut capacity) = (Vec::new(), None);
        list::parenthesized(input, errors, |input, errors| {
            if input.peek(Ident) && input.peek2(Token![=]) {
                let names = &["capacity"];
                let name = known("archetype setting", names, input, errors)?;
                return match capacity.replace(assigned(&name, input)?) {
                    Some(_) => Err(doubled(&name)),
                    None => Ok(()),
                };
            }
            components.push(type_path(input, errors)?);
            Ok(())
        })?;
        settings.archetypes.push(Archetype { name, components, capacity });
        Ok(())
    })
}

fn queue(
    seen: &mut Vec<String>,
    input: ParseStream<'_>,
    out: &mut Settings,
    errors: &mut Errors,
) -> syn::Result<()> {
    if let Some(capacity) = unnamed_capacity(input, errors)? {
        out.capacity = Some(capacity);
        return Ok(());
    }
    let name = known_once("queue setting", QUEUE, seen, input, errors)?;
    match name.to_string().as_str() {
        "capacity" => out.capacity = Some(assigned(&name, input)?),
        "batch_size" => out.batch_size = Some(assigned(&name, input)?),
        "linger" => out.linger = Some(ticks(assigned(&name, input)?, errors)),
        "spsc" => out.spsc = Some(assigned(&name, input)?),
        _ => {
            equals(&name, input)?;
            out.on_full = Some(on_full(input, errors)?);
        }
    }
    Ok(())
}

/// A number of ticks, which has no unit.
fn ticks(value: Expr, errors: &mut Errors) -> Expr {
    if let Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) = &value
        && ["us", "ms", "s"].contains(&literal.suffix())
    {
        let ticks = literal.base10_digits();
        errors.at(literal, format!("`linger` is a number of ticks: write `linger = {ticks}`"));
        let lit = Lit::Int(LitInt::new(ticks, literal.span()));
        return Expr::Lit(ExprLit { attrs: Vec::new(), lit });
    }
    value
}

fn on_full(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<OnFull> {
    let name = known("way to answer a full queue", ON_FULL, input, errors)?;
    let argument = |wanted: &str| {
        if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            if content.is_empty() {
                return Err(syn::Error::new(name.span(), format!("`{name}` needs {wanted}")));
            }
            let value = expression(&content)?;
            let rest = content.parse::<TokenStream>()?;
            let is_unit = ["us", "ms", "s"].contains(&rest.to_string().as_str());
            if rest.is_empty() {
                Ok(value)
            } else if is_unit && name == "block" {
                let value = value.to_token_stream();
                let message = format!("a timeout is one word: write `{value}{rest}`");
                Err(syn::Error::new_spanned(rest, message))
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
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal,
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

fn routing(
    seen: &mut Vec<String>,
    input: ParseStream<'_>,
    out: &mut Settings,
    errors: &mut Errors,
) -> syn::Result<()> {
    // `peek(=)` is also true of `=>`.
    let assigns = input.peek2(Token![=]) && !input.peek2(Token![=>]);
    if assigns && !is_one_of(input, &["default_target"]) {
        let name = input.fork().call(Ident::parse_any)?;
        if nearest(&name.to_string(), ["default_target", "default", "target"]).is_none() {
            let component = type_path(input, errors)?;
            errors.at(component, format!("a route has an arrow: write `{name} => World`"));
            input.parse::<Token![=]>()?;
            target(input, errors)?;
            return Ok(());
        }
    }
    if input.peek(Ident) && assigns || is_one_of(input, &["default_target"]) {
        let name = known_once("routing setting", &["default_target"], seen, input, errors)?;
        equals(&name, input)?;
        out.default_target = Some(target(input, errors)?);
        return Ok(());
    }
    let component = type_path(input, errors)?;
    if !input.peek(Token![=>]) {
        let message = "a route is a component and a world: write `Component => World`";
        return Err(syn::Error::new_spanned(component, message));
    }
    input.parse::<Token![=>]>()?;
    out.routes.push(Route { component, target: target(input, errors)? });
    Ok(())
}

fn role(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Role> {
    if is_one_of(input, &["source"]) {
        let name = input.call(Ident::parse_any)?;
        errors.at(name, "`source` is no role: write `source` in place of `role = source`");
        return Ok(Role::Custom);
    }
    let name = known("role", ROLES, input, errors)?;
    Ok(match name.to_string().as_str() {
        "standalone" => Role::Standalone,
        "accept" => Role::Accept,
        "io" => Role::Io,
        "compute" => Role::Compute,
        _ => Role::Custom,
    })
}

fn target(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Target> {
    if input.peek(LitInt) {
        return input.parse().map(Target::Id);
    }
    if input.peek(Ident::peek_any) || input.peek(Token![::]) {
        let path = type_path(input, errors)?;
        // A value of the type, or what makes one.
        if input.peek(syn::token::Paren) || input.peek(syn::token::Brace) {
            input.parse::<TokenTree>()?;
            return Err(syn::Error::new_spanned(path, TARGET));
        }
        return Ok(Target::World(path));
    }
    Err(input.error(TARGET))
}

/// A path as it stands in a type: `a::B<C>`; in an expression too, `a::b::<16>`.
/// In quotes, or behind a `&`, it is taken for what was meant.
fn type_path(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<Path> {
    if input.peek(Token![&]) {
        let reference = input.parse::<Token![&]>()?;
        errors.at(reference, "a type is named by itself here: take the `&` out");
        input.parse::<Option<Token![mut]>>()?;
    } else if let Ok(text) = input.fork().parse::<LitStr>()
        && let Ok(path) = text.parse_with(Path::parse_mod_style)
    {
        let name = text.value();
        errors.at(input.parse::<LitStr>()?, format!("write `{name}` without quotes"));
        return Ok(path);
    }
    if !input.peek(Ident::peek_any) && !input.peek(Token![::]) {
        let message = "this is no type: write its name, such as `Position`, or its path";
        return Err(syn::Error::new(input.span(), message));
    }
    let first = input.span();
    input.parse().map_err(|error| match input.is_empty() {
        true => syn::Error::new(first, "a path ends with a name: write it behind the `::`"),
        false => error,
    })
}
