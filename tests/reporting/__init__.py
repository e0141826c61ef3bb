"""What readers are shown, and what attackers cannot show them."""
