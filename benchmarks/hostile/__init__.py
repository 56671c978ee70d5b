"""What attackers tried, to be played again."""
