"""The pure core: decisions as plain functions; nothing here opens, sleeps, logs, reads a clock or rolls dice."""
