"""What the checks of the exercises share."""
