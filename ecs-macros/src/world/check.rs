//! The rules of `#[world_config]` that can be told from its tokens.

use std::collections::HashSet;

use proc_macro2::Span;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DataStruct, DeriveInput, Expr, ExprLit, Fields, Lit, LitInt, Path};

use super::parse::Arguments;
use super::{Event, OnFull, Origin, Settings, Target, World, unit_struct};
use crate::errors::{Errors, nearest};

// The limits of the library, which a macro can't ask.

/// The most components in a schema.
const MAX_COMPONENTS: usize = 128;

/// The most entities in flight that a queue is made for.
const MAX_CAPACITY: u64 = 1 << 24;

/// The most worlds in a coordinator.
const MAX_WORLDS: u64 = 256;

/// The most events in a schema.
const MAX_EVENTS: usize = 128;

/// The most events of one type.
const MAX_EVENT_CAPACITY: u64 = 1 << 24;

/// Checks the arguments and makes them a world; after a mistake, one that
/// still compiles.
pub(super) fn world(args: Arguments, item: &DeriveInput, errors: &mut Errors) -> World {
    if let Data::Struct(DataStruct {
        fields: fields @ (Fields::Named(_) | Fields::Unnamed(_)), ..
    }) = &item.data
        && item.generics.params.is_empty()
    {
        let message = format!("a world holds no data: write `struct {};`", item.ident);
        errors.at(fields, message);
    }
    let mut item = item.clone();
    item.attrs.retain(|attr| {
        let twice = attr.path().segments.last().is_some_and(|last| last.ident == "world_config");
        if twice {
            errors.at(attr, "a world has one `#[world_config]`: write all settings in one");
        }
        !twice
    });
    if !item.generics.params.is_empty() {
        errors.at(&item.generics, "a world is one type: take out the generic parameters");
        // A world all the same, without what may name the parameters.
        item = unit_struct(item.attrs, item.vis, item.ident);
    }
    let mut settings = args.settings;
    if let (Some((events, _)), Some(_)) = (&args.events, &args.base) {
        let message = "a world has the events of its `base`: list them there";
        errors.at(events, message);
    }
    let listed = args.events.map_or(Vec::new(), |(_, events)| self::events(events, errors));
    let components = |components| Origin::Components(components, listed);
    let word = args.components.as_ref().map(|(word, _)| word.clone());
    let origin = match (args.components, args.base) {
        (Some((_, list)), None) => components(schema(list, errors)),
        (None, Some((_, base))) => match base {
            Some(base) if base.is_ident(&item.ident) => {
                let message = "a world is not its own base: name the one that has the `components`";
                errors.at(base, message);
                components(Vec::new())
            }
            Some(base) => Origin::Base(base),
            None => components(Vec::new()),
        },
        (Some((_, list)), Some((base, _))) => {
            let message = "a world has `components` or a `base`: take one of the two out";
            errors.at(base, message);
            components(schema(list, errors))
        }
        (None, None) => {
            let message = "a world needs its components: write `components(A, B)` for a schema of \
                           its own, or `base = World` for another world's";
            errors.span(Span::call_site(), message);
            components(Vec::new())
        }
    };
    if let (Some(word), Origin::Components(listed, _)) = (word, &origin)
        && listed.is_empty()
        && errors.count() == 0
        && named(&settings).next().is_some()
    {
        // What is named can't be an alias of what is listed.
        let mut missing: Vec<String> = Vec::new();
        for path in named(&settings) {
            let name = path.to_token_stream().to_string().replace(' ', "");
            if !missing.contains(&name) {
                missing.push(name);
            }
        }
        let missing = missing.join(", ");
        let message = format!("components that are used are listed: write `components({missing})`");
        errors.at(word, message);
    }
    if let Origin::Components(listed, _) = &origin {
        if listed.is_empty() && errors.count() > 0 {
            // The list could not be read, or is missing.
            settings.archetypes.clear();
            settings.routes.clear();
            settings.closed = None;
        }
        for archetype in &mut settings.archetypes {
            archetype.components.retain(|path| !misspelt(path, listed, errors));
        }
        settings.routes.retain(|route| !misspelt(&route.component, listed, errors));
    }
    let mut names = HashSet::new();
    for archetype in &mut settings.archetypes {
        if !names.insert(archetype.name.unraw().to_string()) {
            let message =
                format!("archetype `{}` is declared twice: rename one of the two", archetype.name);
            errors.at(&archetype.name, message);
        }
        distinct(&mut archetype.components, "this archetype", errors);
    }
    if let (Some(closed), Origin::Components(..)) = (&settings.closed, &origin)
        && settings.archetypes.is_empty()
    {
        let message =
            "a closed world holds only declared archetypes: write `archetypes(name(A, B), closed)`";
        errors.at(closed, message);
    }
    numbers(&mut settings, errors);
    let itself = targets(&settings).any(|target| is_itself(target, &item, &settings));
    let mistaken = errors.count() > 0;
    World { root: args.root, item, doc: None, origin, settings, itself, mistaken }
}

/// Numbers that can't work, where they are literals: the coordinator finds the others.
fn numbers(settings: &mut Settings, errors: &mut Errors) {
    let Settings { id, capacity, batch_size, max_entities, on_full, .. } = settings;
    let Settings { default_target, routes, targets, .. } = settings;
    let room = capacity.as_ref().and_then(literal);
    let wrong = match room {
        Some(0) => Some("a queue has room for one entity at least: write 4096".to_owned()),
        Some(room) if room > MAX_CAPACITY => {
            Some(format!("a queue has room for {MAX_CAPACITY} entities at most: write less"))
        }
        Some(room) if !room.is_power_of_two() => {
            let (more, less) = (room.next_power_of_two(), room.next_power_of_two() / 2);
            Some(format!("the room of a queue is a power of two: write {less} or {more}"))
        }
        _ => None,
    };
    if let Some(message) = wrong {
        errors.at(capacity.take(), message);
    }
    match (batch_size.as_ref().and_then(literal), room) {
        (Some(0), _) => {
            errors.at(batch_size.take(), "a batch has one entity at least: write 64");
        }
        (Some(batch), Some(room)) if batch > room && capacity.is_some() => {
            let message = format!("a batch is no larger than its queue: write at most {room}");
            errors.at(batch_size.take(), message);
        }
        _ => {}
    }
    let too_high =
        format!("an id is below {MAX_WORLDS}, the most worlds there are: write a lower one");
    if id.as_ref().and_then(literal).is_some_and(|id| id >= MAX_WORLDS) {
        errors.at(id.take(), &too_high);
    }
    let routed = routes.iter_mut().map(|route| &mut route.target);
    for target in default_target.iter_mut().chain(routed).chain(targets.iter_mut().flatten()) {
        if let Target::Id(id) = target
            && id.base10_parse::<u64>().is_ok_and(|id| id >= MAX_WORLDS)
        {
            errors.at(&*id, &too_high);
            *id = LitInt::new("0", id.span());
        }
    }
    if max_entities.as_ref().and_then(literal) == Some(0) {
        let message = "a world has room for one entity at least: write more";
        errors.at(max_entities.take(), message);
    }
    if let Some(OnFull::Spill(limit)) = on_full
        && literal(limit) == Some(0)
    {
        errors.at(&*limit, "a spill of 0 holds nothing: write `on_full = retain`");
        *on_full = Some(OnFull::Retain);
    }
}

/// The number, where it is one.
fn literal(value: &Expr) -> Option<u64> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(literal), .. }) => literal.base10_parse().ok(),
        _ => None,
    }
}

/// The components that the settings name.
fn named(settings: &Settings) -> impl Iterator<Item = &Path> {
    let archetypes = settings.archetypes.iter().flat_map(|archetype| &archetype.components);
    archetypes.chain(settings.routes.iter().map(|route| &route.component))
}

/// The targets that the world names itself.
fn targets(settings: &Settings) -> impl Iterator<Item = &Target> {
    let routes = settings.routes.iter().map(|route| &route.target);
    settings.default_target.iter().chain(routes).chain(settings.targets.iter().flatten())
}

fn is_itself(target: &Target, world: &DeriveInput, settings: &Settings) -> bool {
    match target {
        Target::World(path) => path.is_ident(&world.ident),
        Target::Id(target) => {
            let own = match &settings.id {
                Some(Expr::Lit(ExprLit { lit: Lit::Int(own), .. })) => own,
                _ => return false,
            };
            target.base10_parse::<u64>().ok() == own.base10_parse::<u64>().ok()
        }
    }
}

/// Reports a component that is not listed, and near to one that is listed by its path. The
/// compiler knows no name near to it then; all others it answers better, as it knows what is
/// in scope. A name that is longer, or has another number at its end, may well be an alias.
fn misspelt(path: &Path, listed: &[Path], errors: &mut Errors) -> bool {
    let last = |path: &Path| path.segments.last().map(|last| last.ident.unraw().to_string());
    let Some(written) = path.get_ident().map(|ident| ident.unraw().to_string()) else {
        return false;
    };
    let names: Vec<(String, &Path)> =
        listed.iter().filter_map(|path| Some((last(path)?, path))).collect();
    let near = nearest(&written, names.iter().map(|(name, _)| name.as_str()));
    let Some((name, meant)) = names.iter().find(|(name, _)| Some(name.as_str()) == near) else {
        return false;
    };
    let stem = |name: &str| name.trim_end_matches(|char: char| char.is_ascii_digit()).len();
    let alias = written.starts_with(name.as_str())
        || written[..stem(&written)] == name[..stem(name)]
        || meant.segments.len() == 1;
    if !alias {
        let meant = meant.to_token_stream().to_string().replace(' ', "");
        errors.at(path, format!("`{written}` is not in `components`: write `{meant}`"));
    }
    !alias
}

fn schema(mut components: Vec<Path>, errors: &mut Errors) -> Vec<Path> {
    distinct(&mut components, "`components`", errors);
    if let Some(first) = components.get(MAX_COMPONENTS) {
        let message = format!(
            "a schema holds at most {MAX_COMPONENTS} components: take {} out",
            components.len() - MAX_COMPONENTS
        );
        errors.at(first, message);
        components.truncate(MAX_COMPONENTS);
    }
    components
}

fn events(mut events: Vec<Event>, errors: &mut Errors) -> Vec<Event> {
    distinct_by(&mut events, |event| &event.path, "`events`", errors);
    if let Some(first) = events.get(MAX_EVENTS) {
        let message = format!(
            "a schema holds at most {MAX_EVENTS} events: take {} out",
            events.len() - MAX_EVENTS
        );
        errors.at(&first.path, message);
        events.truncate(MAX_EVENTS);
    }
    for event in &mut events {
        let message = match event.capacity.as_ref().and_then(literal) {
            Some(0) => "a world has room for one event at least: raise the `capacity`".to_owned(),
            Some(room) if room > MAX_EVENT_CAPACITY => format!(
                "a world has room for {MAX_EVENT_CAPACITY} events of a type at most: lower the `capacity`"
            ),
            _ => continue,
        };
        errors.at(event.capacity.take(), message);
    }
    events
}

/// Reports components that stand in a list twice, and takes them out.
fn distinct(components: &mut Vec<Path>, list: &str, errors: &mut Errors) {
    distinct_by(components, |component| component, list, errors);
}

/// Reports entries that stand in a list twice, and takes them out.
fn distinct_by<T>(
    entries: &mut Vec<T>,
    path: impl Fn(&T) -> &Path,
    list: &str,
    errors: &mut Errors,
) {
    let mut seen = HashSet::new();
    entries.retain(|entry| {
        let component = path(entry);
        let name = component.to_token_stream().to_string();
        let new = seen.insert(name.clone());
        if !new {
            let name = name.replace(' ', "");
            errors.at(component, format!("`{name}` is in {list} twice: take one of the two out"));
        }
        new
    });
}

#[cfg(test)]
mod tests {
    use static_ecs::{config, event, schema};

    #[test]
    fn limits_are_those_of_the_library() {
        assert_eq!(super::MAX_COMPONENTS, schema::MAX_COMPONENTS);
        assert_eq!(super::MAX_EVENTS, event::MAX_EVENTS);
        assert_eq!(super::MAX_WORLDS, config::MAX_WORLDS as u64);
        assert_eq!(super::MAX_CAPACITY, u64::from(config::MAX_CAPACITY));
        assert_eq!(super::MAX_EVENT_CAPACITY, u64::from(event::MAX_CAPACITY));
    }
}
