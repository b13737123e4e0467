//! Tells every connector's host when the module stops on a defect: no call can end any more.

use std::cell::{Cell, RefCell};
use std::sync::Once;

use super::host_object::HostObject;

thread_local! {
    static HOSTS: RefCell<Vec<(u64, HostObject)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// As long as it lives, the host learns of a crash.
pub(super) struct Watched(u64);

/// Watches for this host.
pub(super) fn watch(host: HostObject) -> Watched {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let message = panic.to_string();
            HOSTS.with(|hosts| {
                if let Ok(hosts) = hosts.try_borrow() {
                    for (_, host) in hosts.iter() {
                        // Nothing more can be done for a host that fails here.
                        let _ = host.crashed(&message);
                    }
                }
            });
        }));
    });
    let id = NEXT.with(|next| next.replace(next.get() + 1));
    HOSTS.with(|hosts| hosts.borrow_mut().push((id, host)));
    Watched(id)
}

impl Drop for Watched {
    fn drop(&mut self) {
        HOSTS.with(|hosts| hosts.borrow_mut().retain(|(id, _)| *id != self.0));
    }
}
