//! An id as a value: a text where people read, else a number.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::entity::{Entity, MAX_GENERATION, MAX_ORIGIN};

impl Serialize for Entity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_u64(self.to_bits())
        }
    }
}

impl<'de> Deserialize<'de> for Entity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Id)
        } else {
            deserializer.deserialize_u64(Id)
        }
    }
}

struct Id;

impl Visitor<'_> for Id {
    type Value = Entity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of an entity, such as \"7v1@0\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Entity, E> {
        parse(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, bits: u64) -> Result<Entity, E> {
        Entity::from_bits(bits).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(bits), &self))
    }
}

/// Reads what `Display` writes.
fn parse(text: &str) -> Option<Entity> {
    let (index, rest) = text.split_once('v')?;
    let (generation, origin) = rest.split_once('@')?;
    // `parse` alone would take a sign.
    let number = |text: &str| match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u32>().ok(),
        false => None,
    };
    let (index, generation, origin) = (number(index)?, number(generation)?, number(origin)?);
    if generation > MAX_GENERATION || origin > MAX_ORIGIN.into() {
        return None;
    }
    Entity::from_bits(u64::from(origin) << 52 | u64::from(generation) << 32 | u64::from(index))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for bits in [1 << 32, u64::MAX, 5 << 52 | 7 << 32 | 9, 1 << 32 | 0xFFFF_FFFF] {
            let id = Entity::from_bits(bits).unwrap();
            assert_eq!(parse(&id.to_string()), Some(id));
        }
        for text in ["", "1", "v1@0", "1v0@0", "1v1@4096", "1v1048576@0", "4294967296v1@0"] {
            assert_eq!(parse(text), None, "{text}");
        }
        for text in ["+1v1@0", "1v1@", "1v1@0 ", "1@0v1", "-1v1@0"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
