//! Events: what happens at a few tills is read by several systems of their shop, and goes
//! to the head office, which is a world of its own. The journal there keeps the newest
//! events only; the books must not miss one, so that the tills wait while there is no room.
//!
//! Run it with `cargo run --release --example events`.

use std::error::Error;

use static_ecs::prelude::*;
use static_ecs::system::BoxError;

#[derive(Component)]
struct Till {
    /// Cents.
    cash: u64,
    customers: u32,
}

/// A customer has paid.
#[derive(Event, Clone, Copy)]
struct Sale {
    shop: u16,
    cents: u64,
}

/// A till has too much cash in it.
#[derive(Event)]
struct Full(Entity);

/// A line for the journal.
#[derive(Event)]
struct Line(String);

#[world_config(
    components(Till),
    events(
        Sale(capacity = 8),
        Full,
        Line(capacity = 1, on_full = drop_oldest),
    )
)]
struct Base;

#[world_config(base = Base, source, targets(Office))]
struct Shop;
#[world_config(base = Base)]
struct Office;

coordinator!(type Company = ([Shop; 3], Office));

const CUSTOMERS: u32 = 500;
const PRICE: u64 = 199;

/// Lets a customer pay at each till, and tells the shop and the office.
fn sell(world: &mut World<Shop>) -> Result<(), BoxError> {
    let (Some(shop), Some(office)) = (world.id(), world.event_target::<Office>()) else {
        return Ok(());
    };
    let tills: Vec<Entity> = world.view::<Entity>().collect();
    for entity in tills {
        if world.get::<Till>(entity)?.customers == 0 {
            continue;
        }
        let sale = Sale { shop, cents: PRICE };
        if world.send_to(office, sale).is_err() {
            continue; // The customer waits, until there is room.
        }
        let till = world.get_mut::<Till>(entity)?;
        till.customers -= 1;
        till.cash += sale.cents;
        if till.cash >= 100 * PRICE {
            world.send(Full(entity))?;
        }
        world.send(sale)?;
    }
    Ok(())
}

/// A resource of each shop: what its own systems have read.
#[derive(Resource, Default)]
struct Day {
    sales: u64,
    carried: u64,
}

/// A reader.
fn count(mut sales: EventReader<Sale>, mut day: ResMut<Day>) {
    day.sales += sales.read().map(|sale| sale.cents).sum::<u64>();
}

/// A reader of another event, which sends a third, to the office.
fn empty(
    mut full: EventReader<Full>,
    mut tills: Query<Base, &mut Till>,
    mut lines: EventWriter<Line>,
    mut day: ResMut<Day>,
) -> Result<(), BoxError> {
    for full in full.read() {
        let cash = std::mem::take(&mut tills.get_mut(full.0)?.cash);
        day.carried += cash;
        if let Some(office) = lines.target::<Office>() {
            lines.send_to(office, Line(format!("{cash} cents from till {}", full.0)))?;
        }
    }
    Ok(())
}

/// A resource of the office: the takings of each shop, and the journal.
#[derive(Resource, Default)]
struct Books {
    takings: [u64; 3],
    journal: Vec<String>,
    missed: u64,
}

/// Two readers of the office.
fn book(mut sales: EventReader<Sale>, mut books: ResMut<Books>) {
    for sale in &mut sales {
        books.takings[usize::from(sale.shop)] += sale.cents;
    }
    assert_eq!(sales.missed(), 0);
}
fn write(mut lines: EventReader<Line>, mut books: ResMut<Books>) {
    for line in &mut lines {
        books.journal.push(line.0.clone());
    }
    books.missed = lines.missed();
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut company = Company::new();
    company.add_system::<Shop, _>(sell).add_system::<Shop, _>(count);
    company.add_system::<Shop, _>(empty);
    company.add_system::<Office, _>(book).add_system::<Office, _>(write);
    company.world_mut::<Office>().insert_resource(Books::default());
    for shop in 0..3 {
        let world = company.world_at_mut::<Shop>(shop);
        world.insert_resource(Day::default());
        let tills = (0..shop + 1).map(|_| Till { cash: 0, customers: CUSTOMERS });
        world.spawn_batch(tills)?;
    }
    company.start()?;
    let mut ticks = 0;
    while company.worlds::<Shop>().any(|shop| shop.view::<&Till>().any(|t| t.customers > 0)) {
        company.tick()?;
        ticks += 1;
    }
    assert!(company.drain(100)?);

    let books = company.world::<Office>().resource::<Books>().ok_or("the books are there")?;
    println!("{ticks} ticks");
    for (shop, world) in company.worlds::<Shop>().enumerate() {
        let day = world.resource::<Day>().ok_or("each shop has its day")?;
        let (sold, booked) = (day.sales, books.takings[shop]);
        println!("shop {shop}: {sold} cents sold, {booked} booked, {} carried away", day.carried);
        assert_eq!((sold, booked), (PRICE * u64::from(CUSTOMERS) * (shop as u64 + 1), sold));
    }
    println!("journal: {} lines, {} missed", books.journal.len(), books.missed);
    for edge in company.stats().edges.iter().filter(|edge| edge.counts.events_sent > 0) {
        let counts = edge.counts;
        println!(
            "from world {}: {} events sent, {} received; room was short {} times",
            edge.from, counts.events_sent, counts.events_received, counts.events_full
        );
    }
    assert!(company.conservation().holds());
    Ok(())
}
