"""The engine process: one loop that speaks, one mailbox that schedules, one worker that owns the device."""
