///The worlds of a coordinator.
type Zones = renamed::__support::WorldCoordinator<[Zone; 256]>;
const _: () = {
    const __VERDICT: renamed::__support::Verdict = renamed::__support::Verdict::new(
        &[
            {
                type Zones = renamed::__support::Same<[Zone; 256]>;
                <Zones as renamed::__support::Member>::GROUP
            },
        ],
    );
    const _: () = __VERDICT.of_member(0usize);
    const _: () = __VERDICT.of_several();
};
