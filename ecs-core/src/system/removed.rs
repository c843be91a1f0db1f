//! Who lost a component, as a parameter of systems.

use super::access::SystemAccess;
use super::param::{MissingResource, SystemContext, SystemParam};
use crate::config::WorldConfig;
use crate::query::Access;
use crate::removed::{Removed, RemovedReader};
use crate::schema::Contains;
use crate::track::untracked;

// SAFETY: the log is read, which nobody writes who has not all of the world.
unsafe impl<W, C> SystemParam<W> for Removed<'_, '_, C>
where
    W: WorldConfig<Schema: Contains<C>>,
    C: 'static,
{
    type State = RemovedReader<C>;
    type Item<'w, 's> = Removed<'w, 's, C>;
    const ACCESS: SystemAccess = SystemAccess {
        components: Access { fault: untracked::<W::Schema, C>(), ..Access::NONE },
        shares: true,
        ..SystemAccess::NONE
    };

    fn state() -> RemovedReader<C> {
        RemovedReader::default()
    }

    unsafe fn get<'w, 's>(
        state: &'s mut RemovedReader<C>,
        context: SystemContext<'w, W>,
    ) -> Result<Removed<'w, 's, C>, MissingResource> {
        // SAFETY: nobody has all of the world.
        Ok(unsafe { context.world() }.removals(state))
    }
}
