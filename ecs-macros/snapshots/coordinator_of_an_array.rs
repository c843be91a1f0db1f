///The worlds of a coordinator.
type Zones = renamed::__support::WorldCoordinator<[Zone; 256]>;
const _: () = renamed::__support::check(
    &[<[Zone; 256] as renamed::__support::Member>::GROUP],
);
