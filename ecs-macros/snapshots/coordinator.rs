/// The server.
pub type Server = ::static_ecs::__support::WorldCoordinator<(Accept, Io, [Compute; 4])>;
const _: () = ::static_ecs::__support::check(
    &[
        <Accept as ::static_ecs::__support::Member>::GROUP,
        <Io as ::static_ecs::__support::Member>::GROUP,
        <[Compute; 4] as ::static_ecs::__support::Member>::GROUP,
    ],
);
