"""What a relaxed crystal is: its prototype, its diffraction pattern, and whether it is new."""
