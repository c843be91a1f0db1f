/// The server.
pub type Server = ::static_ecs::__support::WorldCoordinator<(Accept, Io, [Compute; 4])>;
const _: () = {
    const __VERDICT: ::static_ecs::__support::Verdict = ::static_ecs::__support::Verdict::new(
        &[
            {
                type Server = ::static_ecs::__support::Same<Accept>;
                <Server as ::static_ecs::__support::Member>::GROUP
            },
            {
                type Server = ::static_ecs::__support::Same<Io>;
                <Server as ::static_ecs::__support::Member>::GROUP
            },
            {
                type Server = ::static_ecs::__support::Same<[Compute; 4]>;
                <Server as ::static_ecs::__support::Member>::GROUP
            },
        ],
    );
    const _: () = __VERDICT.of_member(0usize);
    const _: () = __VERDICT.of_member(1usize);
    const _: () = __VERDICT.of_member(2usize);
    const _: () = __VERDICT.of_several();
};
