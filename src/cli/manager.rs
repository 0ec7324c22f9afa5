//! What a service manager is told that waits for it, as systemd does with `Type=notify`. Where none
//! waits, nothing is told.

#[cfg(unix)]
use sd_notify::NotifyState;

/// We can be reached.
pub(crate) fn ready() {
    #[cfg(unix)]
    tell(&NotifyState::Ready);
}

/// We were told to stop and are on our way out.
pub(crate) fn stopping() {
    #[cfg(unix)]
    tell(&NotifyState::Stopping);
}

/// Says that we are alive for as long as we are, twice as often as is asked for: it says so among
/// the workers, so that a process whose workers do not get on is started anew.
pub(crate) async fn keep_alive() {
    #[cfg(unix)]
    if let Some(patience) = sd_notify::watchdog_enabled() {
        let mut beat = tokio::time::interval(patience / 2);
        loop {
            beat.tick().await;
            tell(&NotifyState::Watchdog);
        }
    }
    std::future::pending::<()>().await;
}

#[cfg(unix)]
fn tell(state: &NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
        tracing::warn!(%error, "the service manager was not told: {state:?}");
    }
}
